import type { components } from './schema'

// The names by which the pages know what the server's document describes. schema.ts is generated: `npm run types`.

export type { paths } from './schema'

type Schemas = components['schemas']

export type User = Schemas['AuthPerson']
export type Role = User['role']
export type SignIn = Schemas['AuthLoginRequest']
export type Session = Schemas['AuthSessionResponse']
export type ApiToken = Schemas['AuthTokenResponse']
/** What the browser brings back from the provider of sign-ins. */
export type Arrival = Schemas['AuthOidcRequest']
export type Grant = Schemas['AuthLoginResponse']

export type Gateway = Schemas['GatewaysGatewayResponse']
export type Stream = Schemas['GatewaysStreamResponse']
export type Gap = Schemas['GatewaysGapResponse']
export type ProvisioningToken = Schemas['GatewaysTokenResponse']
export type NewProvisioningToken = Schemas['GatewaysCreateTokenRequest']

export type Organization = Schemas['OrganizationsOrganizationResponse']
export type Node = Schemas['OrganizationsNode']
export type Schedule = Schemas['SchedulesScheduleResponse']
export type NewSchedule = Schemas['SchedulesNewSchedule']
export type Assignment = Schemas['SchedulesAssignment']
export type NewOrganization = Schemas['OrganizationsOrganizationInput']
export type Account = Schemas['AuthAccountResponse']
export type ApiKey = Schemas['AuthKeyResponse']
export type BlockedAddress = Schemas['AuthAddressResponse']
export type SecurityEvent = Schemas['AuthEventResponse']
export type SignInEvent = Schemas['AuthSignInItem']
export type UserEvent = Schemas['AuthHistoryItem']
export type Employee = Schemas['EmployeesEmployeeResponse']
export type ImportPreview = Schemas['EmployeesImportPreview']
export type ImportRow = Schemas['EmployeesImportRow']
export type ImportProblem = Schemas['EmployeesImportProblem']
export type ImportMetadata = Schemas['EmployeesImportMetadata']
export type Credential = Schemas['EmployeesCredentialResponse']
export type Group = Schemas['EmployeesGroupResponse']
export type Change = Schemas['AuditChange']
export type Absence = Schemas['SchedulesAbsenceResponse']
export type CalendarDay = Schemas['SchedulesCalendarDay']
export type Computer = Schemas['ComputersComputerResponse']
export type ComputerUser = Schemas['ComputersUserResponse']
export type Turn = Schemas['ComputersTurn']
export type Duplicate = Schemas['ComputersDuplicateResponse']

export type Device = Schemas['DoorsDeviceResponse']
export type NewDevice = Schemas['DoorsNewDeviceRequest']

export type Day = Schemas['MonitoringDay']
export type SessionSpan = Schemas['MonitoringSessionSpan']
export type WindowSpan = Schemas['MonitoringWindowSpan']
export type SiteSpan = Schemas['MonitoringSiteSpan']
export type Share = Schemas['MonitoringShare']
export type ScreenshotPage = Schemas['ScreenshotsGallery']
export type Screenshot = Schemas['ScreenshotsItem']
export type Top = Schemas['MonitoringTop']
export type TopItem = Schemas['MonitoringTopItem']
export type ActivityTimeline = Schemas['MonitoringTimeline']
export type Heatmap = Schemas['MonitoringHeatmap']
export type Comparison = Schemas['MonitoringComparison']
export type Compared = Schemas['MonitoringComparedItem']
export type Week = Schemas['MonitoringWeek']
export type WeekDay = Schemas['MonitoringWeekDay']

export type Today = Schemas['PresenceToday']
export type Presence = Schemas['PresencePerson']
export type Attention = Schemas['PresenceAttention']

export type PolicyItem = Schemas['PolicyPolicyItem']
export type Policy = Schemas['PolicyPolicyResponse']
export type PolicyContent = Schemas['RulePolicy']
export type PolicyInput = Schemas['PolicyUpdateRequest']
export type PolicyVersion = Schemas['PolicyVersionResponse']
export type PolicyChange = Schemas['PolicyChangeResponse']
export type FieldChange = Schemas['PolicyFieldChange']
export type Rollout = Schemas['PolicyRolloutResponse']
export type PolicyHolder = Schemas['PolicyHolderResponse']
export type EffectivePolicy = Schemas['PolicyEffectiveResponse']
export type PolicyStep = Schemas['PolicyStep']
export type PolicyGroup = Schemas['PolicyGroupItem']
export type PolicyGroupValues = Schemas['PolicyGroupResponse']
export type NewPolicyGroup = Schemas['PolicyCreateGroupRequest']

export type Command = Schemas['CommandsCommandResponse']
export type NewCommand = Schemas['CommandsOrderRequest']

export type Usage = Schemas['FileUsage']
export type RetentionRule = Schemas['RetentionRuleResponse']
export type RetentionTerms = Schemas['RetentionTerms']
export type RetentionPlan = Schemas['RetentionKindPlan']
export type RetentionRun = Schemas['RetentionRunResponse']
export type Hold = Schemas['RetentionHoldResponse']
export type NewHold = Schemas['RetentionHoldInput']

export type Alert = Schemas['AlertsAlertResponse']

/** Page is one page of any list. */
export interface Page<T> {
  items: T[]
  next: string
}

/** The error envelope of every refused request. */
export type Envelope = Schemas['Error']
