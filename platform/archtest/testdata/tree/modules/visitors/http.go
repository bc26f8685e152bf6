package visitors

import (
	_ "net/http"

	_ "github.com/labstack/echo/v5"
)
