package chat

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of a runtime.
const (
	// MaxScript bounds a script, in bytes.
	MaxScript = 1 << 20
	// MaxDependencies bounds the packages that an application adds.
	MaxDependencies = 50
	// MaxPackageName and MaxPackageVersion bound what names a package, in bytes;
	// the first is npm's own limit.
	MaxPackageName    = 214
	MaxPackageVersion = 256
	// MaxVariables bounds the variables that an application sets, and
	// MaxVariablesSize all their names and values together, in bytes.
	MaxVariables     = 100
	MaxVariablesSize = 64 << 10
)

// RuntimeVersion is the version of what runs functions. Clients are shown it
// and make nothing of it.
const RuntimeVersion = "v1.0.0"

// Runtime is what the functions of an application have in common. An
// application has one, from the start, with the application's identifier.
type Runtime struct {
	Application ApplicationID
	// Dependencies are the npm packages that the application added or whose
	// version it chose, in its order.
	Dependencies []Dependency
	// Variables are those that the application set, by their names.
	Variables []Variable
	// Script runs before any function, empty where there is none.
	Script string
	// ClientID and ClientSecret let scripts call the Platform API. The secret
	// is the runtime's own.
	ClientID, ClientSecret string
}

// Dependency is an npm package that scripts may use.
type Dependency struct {
	Name string `json:"name"`
	// Version is a range of versions as npm understands it.
	Version string `json:"version"`
	// Default tells a package that is there without being asked for.
	Default bool `json:"-"`
}

// Variable is an environment variable of scripts.
type Variable struct{ Name, Value string }

// DefaultDependencies are the packages of every runtime (platform-api D.12).
func DefaultDependencies() []Dependency {
	return []Dependency{
		{"axios", "^0.19.2", true},
		{"axios-token-interceptor", "^0.2.0", true},
		{"chatkitty-platform-sdk", "1.0.1", true},
		{"qs", "6.9.4", true},
	}
}

// AllDependencies are the default ones, in the versions that the application
// chose, and then its own.
func (r *Runtime) AllDependencies() []Dependency {
	all := DefaultDependencies()
	for _, d := range r.Dependencies {
		if i := slices.IndexFunc(all, d.samePackage); i >= 0 {
			all[i] = d
			continue
		}
		all = append(all, d)
	}
	return all
}

func (d Dependency) samePackage(o Dependency) bool { return d.Name == o.Name }

// The variables of every runtime. Their prefix is reserved.
const (
	ownPrefix         = "CHATKITTY_"
	applicationIDName = ownPrefix + "APPLICATION_ID"
	clientIDName      = ownPrefix + "CLIENT_ID"
	clientSecretName  = ownPrefix + "CLIENT_SECRET"
	chatURLName       = ownPrefix + "CHAT_SERVICE_BASE_URL"
	tokenURLName      = ownPrefix + "AUTHORIZATION_SERVICE_BASE_URL"
)

func ownNames() []string {
	return []string{applicationIDName, clientIDName, clientSecretName, chatURLName, tokenURLName}
}

// AllVariables are all that scripts see, by their names. Base is where the
// server is reached, without a slash at its end.
func (r *Runtime) AllVariables(base string) []Variable {
	all := append(slices.Clone(r.Variables),
		Variable{applicationIDName, strconv.FormatInt(int64(r.Application), 10)}, Variable{clientIDName, r.ClientID},
		Variable{clientSecretName, r.ClientSecret}, Variable{chatURLName, base}, Variable{tokenURLName, base},
	)
	slices.SortFunc(all, Variable.compare)
	return all
}

func (v Variable) compare(o Variable) int { return cmp.Compare(v.Name, o.Name) }

// CustomDependencies checks a list of packages and gives those of them that are
// not in every runtime as they are. Callers also hand over the whole list that
// they were given; a package that says it is a default one is none of theirs.
func CustomDependencies(list []Dependency) ([]Dependency, error) {
	if len(list) > MaxDependencies+len(DefaultDependencies()) {
		return nil, tooManyDependencies()
	}
	custom, seen := []Dependency{}, map[string]bool{}
	for i, d := range list {
		field := "dependencies[" + strconv.Itoa(i) + "]."
		if err := d.check(field); err != nil {
			return nil, err
		}
		if seen[d.Name] {
			return nil, Invalidf(field+"name", "%s is there twice", d.Name)
		}
		seen[d.Name] = true
		if standard := slices.IndexFunc(DefaultDependencies(), d.samePackage); standard >= 0 &&
			(d.Default || d.Version == DefaultDependencies()[standard].Version) {
			continue
		}
		d.Default = false
		custom = append(custom, d)
	}
	if len(custom) > MaxDependencies {
		return nil, tooManyDependencies()
	}
	return custom, nil
}

func (d Dependency) check(field string) error {
	if err := CheckText(field+"name", d.Name, MaxPackageName); err != nil {
		return err
	}
	if !packageName.MatchString(d.Name) {
		return Invalidf(field+"name", "must be the name of an npm package")
	}
	if err := CheckText(field+"version", d.Version, MaxPackageVersion); err != nil {
		return err
	}
	if d.Version != "latest" && !packageVersion.MatchString(d.Version) {
		return Invalidf(field+"version", "must be a version that the npm registry has, or a range of such, as in ^1.2.3")
	}
	return nil
}

func tooManyDependencies() error {
	return Invalidf("dependencies", "must not be more than %d", MaxDependencies)
}

// The parts of a range of versions.
const (
	rangePart    = `(?:[0-9]{1,16}|[xX*])`
	rangePartial = `v?` + rangePart + `(?:\.` + rangePart + `){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`
	rangeSimple  = `(?:(?:[<>]=?|=|~>?|\^) *)?` + rangePartial
	rangeSet     = rangePartial + ` +- +` + rangePartial + `|` + rangeSimple + `(?: +` + rangeSimple + `)*`
)

var (
	// packageName is a name that npm takes, with a scope or without.
	packageName = regexp.MustCompile(`^(?:@[A-Za-z0-9][A-Za-z0-9._~-]*/)?[A-Za-z0-9][A-Za-z0-9._~-]*$`)
	// packageVersion is a range of versions (the grammar of node-semver), and
	// none of npm's other ways to name a package: no address, no file, no tag.
	packageVersion = regexp.MustCompile(`^ *(?:` + rangeSet + `)(?: *\|\| *(?:` + rangeSet + `))* *$`)
	variableName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// CustomVariables checks variables that an application sets and sorts them by
// name. Those of every runtime are left out: callers hand back what they were
// given.
func CustomVariables(list []Variable) ([]Variable, error) {
	custom, size := []Variable{}, 0
	for _, v := range list {
		if size += len(v.Name) + len(v.Value); size > MaxVariablesSize {
			return nil, Invalidf("environmentVariables", "must not exceed %d bytes, names and values together", MaxVariablesSize)
		}
		if slices.Contains(ownNames(), v.Name) {
			continue
		}
		if err := v.check(); err != nil {
			return nil, err
		}
		custom = append(custom, v)
	}
	if len(custom) > MaxVariables {
		return nil, Invalidf("environmentVariables", "must not be more than %d", MaxVariables)
	}
	slices.SortFunc(custom, Variable.compare)
	return custom, nil
}

// check refuses a name that no variable can have, that is reserved, or that
// would change how scripts are run rather than what they see.
func (v Variable) check() error {
	const field = "environmentVariables"
	if !variableName.MatchString(v.Name) {
		return Invalidf(field, "%.64q cannot be the name of a variable, which has letters, digits and underscores", v.Name)
	}
	switch upper := strings.ToUpper(v.Name); {
	case strings.HasPrefix(upper, ownPrefix):
		return Invalidf(field, "the name %.64s is reserved: it begins with %s", v.Name, ownPrefix)
	case slices.Contains([]string{"NODE_OPTIONS", "NODE_PATH", "PATH", "HOME"}, upper), strings.HasPrefix(upper, "LD_"):
		return Invalidf(field, "the variable %.64s cannot be set", v.Name)
	}
	return CheckOptionalText(field+"."+v.Name, v.Value, MaxVariablesSize)
}
