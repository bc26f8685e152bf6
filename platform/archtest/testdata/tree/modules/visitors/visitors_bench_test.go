package visitors

import _ "database/sql"
