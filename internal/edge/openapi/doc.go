// Package openapi describes the Platform API: it holds what every operation
// takes and answers, and makes of it the OpenAPI 3 document and a page for
// people.
//
//	operations.go  the operations, in the order in which the page shows them
//	schemas.go     the resources, named as the published contract names them
//	document.go    the OpenAPI document, with the second spelling of members
//	page.go        the page
//
// It knows no door and no deed: whether what it says is true is for the tests
// of package rest, which hold every answer they get against it. Whoever
// wants what it makes more than once should keep it: making it costs
// milliseconds.
package openapi
