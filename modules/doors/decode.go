package doors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/js"
)

const (
	// maxText bounds the texts of a report that are kept in columns, in bytes.
	maxText = 255
	// maxPayload bounds a report without its picture, in bytes.
	maxPayload = 64 << 10
	// photo is the member that holds a picture.
	photo = "photoData"
)

// report is what every report of a terminal says.
type report struct {
	members           js.Object
	deviceIP, address string // deviceIP as it was written, address in its usual form
	deviceSerial      string
	at                time.Time // zero where the report has none that can be read
	payload           json.RawMessage
}

// decode reads a report. Whatever is JSON is one, if perhaps an empty one; it is refused only for its size.
func decode(raw json.RawMessage) (r report, err error) {
	r.members = js.Parse(raw) // what is no object has no members, and is kept all the same
	r.deviceIP, r.deviceSerial = r.text("deviceIp"), r.text("deviceSerial")
	r.address = address(r.deviceIP)
	r.at = r.members.Time("timestamp")
	r.payload = withoutPhoto(raw, r.members)
	if len(r.payload) > maxPayload {
		return r, errReportTooLarge.With("Max", maxPayload)
	}
	return r, nil
}

func (r report) text(name string) string { return r.members.Text(name, maxText) }

// address is the usual form of an IP address; what is none stays as it is.
func address(text string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	return ip.Unmap().String()
}

// withoutPhoto is the report as it came, but for the picture: of that its size and sum are kept.
func withoutPhoto(raw json.RawMessage, members js.Object) json.RawMessage {
	if members.Has(photo) {
		rest := maps.Clone(members)
		rest[photo] = js.ParsePicture(members[photo]).JSON()
		raw, _ = json.Marshal(rest) // every value is JSON that was read
	}
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	return raw
}

// person is whom a report names.
type person struct{ employee, card, name, id string }

func (r report) person() person {
	in := r.members.Object("personInfo")
	return person{employee: in.Text("employeeId", maxText), card: in.Text("cardNumber", maxText), name: in.Text("name", maxText), id: in.Text("personId", maxText)}
}

// maxShown bounds the text of a QR picture, in bytes.
const maxShown = 1 << 10

// shown is what was held to a reader: what a QR picture says, or the number that came in its place.
func (r report) shown() string {
	p := r.members.Object("personInfo")
	return cmp.Or(r.members.Object("eventData").Text("QRCodeInfo", maxShown), p.Text("cardNumber", maxShown), p.Text("personId", maxShown))
}

// identity is what makes two reports the same one: the terminal's own number where it sends one, else what it says.
func (r report) identity(kind string) []string {
	p := r.person()
	when := r.at.UTC().Format(time.RFC3339Nano)
	if r.at.IsZero() { // without a time nothing says that two reports are one but all that they say
		when = string(r.payload)
	}
	serialNo := cmp.Or(r.members.Object("eventData").Text("serialNo", maxText), r.members.Object("parameters").Text("serialNo", maxText))
	parts := []string{
		"doors", kind, r.address, r.deviceSerial, when, serialNo, r.text(kind + "Type"), strconv.FormatBool(r.members.True("accessGranted")),
		r.text("doorNumber"), p.employee, p.card, p.name, p.id,
	}
	if code := r.members.Object("eventData").Text("QRCodeInfo", maxShown); code != "" {
		parts = append(parts, code)
	}
	return parts
}

// actionTypes are v1's names for what terminals call otherwise; all others are USER.
var actionTypes = map[string]string{
	"FACE_RECOGNITION": "PHOTO", "CARD_SWIPE": "CARD", "FINGERPRINT": "PERSONAL_CODE", "PASSWORD": "PERSONAL_CODE", "QR_CODE": "QR", "REMOTE_OPEN": "USER",
}

func actionType(name string) string {
	if known, ok := actionTypes[name]; ok {
		return known
	}
	return "USER"
}
