package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) totpRoutes(r httpx.Router) {
	const path = cookiePath + "/me/totp"
	r.GET(path, actor.SignedIn, httpx.Handle(200, s.getTOTP), httpx.Doc("Whether you have a second step of signing in"))
	r.POST(path, actor.SignedIn, httpx.Handle(201, s.postTOTP), httpx.Doc("Begin to have a second step: the secret for an authenticator app, shown once"))
	r.POST(path+"/confirm", actor.SignedIn, httpx.Handle(200, s.postConfirm), httpx.Doc("Switch the second step on with a code of the app; your other sign-ins end, and recovery codes are shown once"))
	r.POST(path+"/recovery-codes", actor.SignedIn, httpx.Handle(200, s.postRecovery), httpx.Doc("Replace your recovery codes"))
	r.POST(path+"/disable", actor.SignedIn, httpx.Handle(204, s.postDisable), httpx.Doc("Switch the second step off"))
	r.DELETE("/api/v2/users/:id/totp", identity.WriteUsers, httpx.Handle(204, s.deleteTOTP), httpx.Doc("Take the second step from a user who has lost it; all its sign-ins end"))
}

type totpResponse struct {
	Enabled       bool      `json:"enabled"`
	Since         time.Time `json:"since,omitzero"`
	RecoveryCodes int64     `json:"recoveryCodes" doc:"how many are left"`
}

func (s *service) getTOTP(ctx context.Context, _ struct{}) (totpResponse, error) {
	row, left, err := s.totpState(ctx)
	if row == nil {
		return totpResponse{}, err
	}
	return totpResponse{true, row.ConfirmedAt.UTC(), left}, err
}

type newTOTPResponse struct {
	Secret string   `json:"secret" doc:"in base32, to be typed"`
	URL    string   `json:"url" doc:"otpauth://, for an app on the same telephone"`
	QR     []string `json:"qr" doc:"the URL as a QR code: of each row its dots from the left, 1 is dark"`
}

func (s *service) postTOTP(ctx context.Context, in proof) (newTOTPResponse, error) {
	secret, username, err := s.enrol(ctx, in)
	if err != nil {
		return newTOTPResponse{}, err
	}
	httpx.SetHeader(ctx, "Cache-Control", "no-store")
	text := totpURL(secret, username)
	dots, err := qrDots(text)
	return newTOTPResponse{secretText(secret), text, dots}, err
}

type codeRequest struct {
	Code string `json:"code"`
}

type recoveryResponse struct {
	RecoveryCodes []string `json:"recoveryCodes" doc:"shown this once; each is good once, in the place of a code"`
}

func (s *service) postConfirm(ctx context.Context, in codeRequest) (recoveryResponse, error) {
	codes, err := s.confirm(ctx, in.Code, s.current(ctx))
	httpx.SetHeader(ctx, "Cache-Control", "no-store")
	return recoveryResponse{codes}, err
}

func (s *service) postRecovery(ctx context.Context, in proof) (recoveryResponse, error) {
	codes, err := s.renewRecovery(ctx, in)
	httpx.SetHeader(ctx, "Cache-Control", "no-store")
	return recoveryResponse{codes}, err
}

func (s *service) postDisable(ctx context.Context, in proof) (struct{}, error) {
	return struct{}{}, s.switchOff(ctx, in)
}

func (s *service) deleteTOTP(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.resetTOTP(ctx, in.ID)
}
