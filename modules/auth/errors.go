package auth

import "github.com/staff-control/staff-control/platform/fault"

var (
	errCredentials   = fault.New(fault.Unauthenticated, "auth.wrong_credentials")
	errInactive      = fault.New(fault.Unauthenticated, "auth.inactive")
	errLocked        = fault.New(fault.TooMany, "auth.locked")
	errTooMany       = fault.New(fault.TooMany, "auth.too_many_attempts")
	errBusy          = fault.New(fault.Unavailable, "auth.busy")
	errToken         = fault.New(fault.Unauthenticated, "auth.token_invalid")
	errRefresh       = fault.New(fault.Unauthenticated, "auth.refresh_invalid")
	errCrossOrigin   = fault.New(fault.Forbidden, "auth.cross_origin")
	errNotPerson     = fault.New(fault.Forbidden, "auth.not_a_person")
	errUserUnknown   = fault.New(fault.NotFound, "auth.user_unknown")
	errNoSession     = fault.New(fault.NotFound, "auth.session_unknown")
	errUsernameTaken = fault.New(fault.Conflict, "auth.username_taken")
	errSelf          = fault.New(fault.Conflict, "auth.own_account")
	errLastAdmin     = fault.New(fault.Conflict, "auth.last_admin")
	errNotLead       = fault.New(fault.Conflict, "auth.not_a_lead")
	errRoleKind      = fault.New(fault.Conflict, "auth.role_kind")
	errWrongPassword = fault.New(fault.Conflict, "auth.wrong_password")
	errKeyUnknown    = fault.New(fault.NotFound, "auth.key_unknown")
	errKeyExists     = fault.New(fault.Conflict, "auth.key_exists")
	errKeyInactive   = fault.New(fault.Unauthenticated, "auth.key_inactive")
	errKeyExpired    = fault.New(fault.Unauthenticated, "auth.key_expired")
	errKeyRate       = fault.New(fault.TooMany, "auth.key_rate")
	errAPIToken      = fault.New(fault.Unauthenticated, "auth.api_token_invalid")
	errNoToken       = fault.New(fault.NotFound, "auth.api_token_unknown")
	errBlocked       = fault.New(fault.Forbidden, "auth.address_blocked")
	errCodeRequired  = fault.New(fault.Unauthenticated, "auth.code_required")
	errWrongCode     = fault.New(fault.Unauthenticated, "auth.wrong_code")
	errStepsV1       = fault.New(fault.Forbidden, "auth.v1_second_step")
	errChangeDue     = fault.New(fault.Unauthenticated, "auth.password_change_required")
	errChangeV1      = fault.New(fault.Forbidden, "auth.v1_password_change")
	errCodeRefused   = fault.New(fault.Conflict, "auth.code_refused")
	errTOTPOn        = fault.New(fault.Conflict, "auth.totp_on")
	errTOTPOff       = fault.New(fault.Conflict, "auth.totp_off")

	errOIDCOff         = fault.New(fault.NotFound, "auth.oidc_off")
	errOIDCUnreachable = fault.New(fault.Unavailable, "auth.oidc_unreachable")
	errOIDCExpired     = fault.New(fault.Unauthenticated, "auth.oidc_expired")
	errOIDCUsed        = fault.New(fault.Unauthenticated, "auth.oidc_used")
	errOIDCDenied      = fault.New(fault.Unauthenticated, "auth.oidc_denied")
	errOIDCRefused     = fault.New(fault.Unauthenticated, "auth.oidc_refused")
	errOIDCUnverified  = fault.New(fault.Unauthenticated, "auth.oidc_unverified")
	errOIDCUnknown     = fault.New(fault.Unauthenticated, "auth.oidc_unknown")
	errIdentityTaken   = fault.New(fault.Conflict, "auth.identity_taken")
	errNoIdentity      = fault.New(fault.NotFound, "auth.identity_unknown")
)

// The refusals of fields.
const (
	codeScope             = "auth.scope_unknown"
	codeTokenLife         = "auth.api_token_life"
	codePassword          = "auth.password_weak"
	codePasswordName      = "auth.password_name"
	codePasswordSame      = "auth.password_same"
	codePasswordLong      = "auth.password_long"
	codeNoOrganization    = "auth.admin_has_no_organization"
	codeNeedsOrganization = "auth.needs_organization"
	codeKeyForm           = "auth.key_form"
	codePast              = "auth.past"
	codeAddress           = "auth.address_form"
	codeOwnAddress        = "auth.own_address"
	codeV1Unknown         = "auth.v1_should_not_exist"
	codeV1Empty           = "auth.v1_not_empty"
	codeV1Text            = "auth.v1_string"
)
