package pack

// Confidence is how sure a [Fact] is.
type Confidence string

// The confidences.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// Values are all confidences.
func (Confidence) Values() []string { return []string{string(High), string(Medium), string(Low)} }

// VariantKind is which generation of pages a [Variant] is about.
type VariantKind string

// The kinds of variants.
const (
	New        VariantKind = "new"
	Old        VariantKind = "old"
	Remembered VariantKind = "remembered"
	Generic    VariantKind = "generic"
)

// Values are all kinds of variants.
func (VariantKind) Values() []string {
	return []string{string(New), string(Old), string(Remembered), string(Generic)}
}

// StepKind is what a [Step] asks for.
type StepKind string

// The kinds of steps. Login asks for several things on one screen; Identifier asks again who it is ("unusual login");
// Choose has nothing to fill, only something to press; Human is a check that only a person can pass; Approve waits for a
// yes on another device.
const (
	StepLogin      StepKind = "login"
	StepUsername   StepKind = "username"
	StepPassword   StepKind = "password"
	StepIdentifier StepKind = "identifier"
	StepCode       StepKind = "code"
	StepChoose     StepKind = "choose"
	StepHuman      StepKind = "human"
	StepApprove    StepKind = "approve"
)

// Values are all kinds of steps.
func (StepKind) Values() []string {
	return []string{string(StepLogin), string(StepUsername), string(StepPassword), string(StepIdentifier), string(StepCode), string(StepChoose), string(StepHuman), string(StepApprove)}
}

// Value is what goes into a [Field].
type Value string

// The values.
const (
	Username Value = "username"
	Password Value = "password"
	Code     Value = "code"
)

// Values are all values.
func (Value) Values() []string { return []string{string(Username), string(Password), string(Code)} }

// Shape is how a [Field] looks.
type Shape string

// The shapes: one input, or one for each digit of a code.
const (
	Single Shape = "single"
	Boxes  Shape = "boxes"
)

// Values are all shapes.
func (Shape) Values() []string { return []string{string(Single), string(Boxes)} }

// SignalKind is where a [Signal] is read.
type SignalKind string

// The kinds of signals.
const (
	Cookie SignalKind = "cookie"
	DOM    SignalKind = "dom"
)

// Values are all kinds of signals.
func (SignalKind) Values() []string { return []string{string(Cookie), string(DOM)} }

// Identity is what a [Signal] gives.
type Identity string

// What signals give. ActingID is the Page or role in whose name is written, where it differs from who signed in; SignedIn
// says only that somebody is.
const (
	ID       Identity = "id"
	Handle   Identity = "handle"
	ActingID Identity = "acting_id"
	SignedIn Identity = "signed_in"
)

// Values are all that signals give.
func (Identity) Values() []string {
	return []string{string(ID), string(Handle), string(ActingID), string(SignedIn)}
}

// GuardClass is what a guarded page is for.
type GuardClass string

// The classes of guarded pages.
const (
	GuardPassword      GuardClass = "password"
	GuardEmail         GuardClass = "email"
	GuardTwoFactor     GuardClass = "two_factor"
	GuardConnectedApps GuardClass = "connected_apps"
	GuardDataDownload  GuardClass = "data_download"
	GuardDeactivate    GuardClass = "deactivate"
)

// Values are all classes of guarded pages.
func (GuardClass) Values() []string {
	return []string{
		string(GuardPassword), string(GuardEmail), string(GuardTwoFactor),
		string(GuardConnectedApps), string(GuardDataDownload), string(GuardDeactivate),
	}
}
