package visitors

var elsewhere int
