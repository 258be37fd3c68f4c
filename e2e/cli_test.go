package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// Somebody who has just downloaded the program starts it and wants to know how
// to connect.
func TestFirstServePrintsCredentials(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		server := harness.StartServer(t, engine)
		var applications []harness.Application
		server.CommandJSON(&applications, "application", "list", "--json")
		if len(applications) != 1 {
			t.Fatalf("the first start should create one application, there are %d: %+v", len(applications), applications)
		}
		first := applications[0]
		printed := server.Output()
		for what, value := range map[string]string{"API key": first.APIKey, "client id": first.ClientID} {
			if value == "" || !strings.Contains(printed, value) {
				t.Errorf("the first start did not print the %s %q:\n%s", what, value, printed)
			}
		}
		if strings.Contains(server.Command("application", "list"), "clientSecret\":\"") {
			t.Error("the list shows secrets")
		}

		server.Stop()
		server.Start()
		var again []harness.Application
		server.CommandJSON(&again, "application", "list", "--json")
		if len(again) != 1 || again[0].ID != first.ID {
			t.Errorf("the second start should create nothing: %+v", again)
		}
	})
}

// An operator creates an application while the server runs, and replaces its
// secret when it has leaked.
func TestApplicationCommands(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		server := harness.StartServer(t, engine)
		created := server.CreateApplication("Café de Flore")
		if created.Name != "Café de Flore" {
			t.Errorf("the application is called %q", created.Name)
		}
		rest := server.NewREST(created)
		if status := rest.Status(http.MethodGet, "/application", nil); status != http.StatusOK {
			t.Errorf("the new application cannot read itself: status %d", status)
		}

		var applications []harness.Application
		server.CommandJSON(&applications, "application", "list", "--json")
		found := false
		for _, listed := range applications {
			found = found || listed.ID == created.ID && listed.APIKey == created.APIKey
			if listed.ClientSecret != "" {
				t.Errorf("the list shows the secret of %s", listed.Name)
			}
		}
		if !found {
			t.Errorf("the list lacks the new application: %+v", applications)
		}

		var rotated harness.Application
		server.CommandJSON(&rotated, "application", "rotate-secret", created.ID.String(), "--json")
		if rotated.ClientSecret == "" || rotated.ClientSecret == created.ClientSecret {
			t.Fatal("rotating did not give a new secret")
		}
		if rotated.ClientID != created.ClientID {
			t.Errorf("rotating changed the client id from %s to %s", created.ClientID, rotated.ClientID)
		}
		server.NewREST(rotated)
		if status := tokenStatus(t, server, created); status != http.StatusUnauthorized {
			t.Errorf("the old secret is answered with %d", status)
		}
	})
}

func tokenStatus(t *testing.T, server *harness.Server, application harness.Application) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, server.URL()+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(application.ClientID, application.ClientSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		t.Errorf("the answer is no JSON: %v", err)
	}
	return response.StatusCode
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if printed := strings.TrimSpace(harness.RunCommand(t, "version")); printed == "" {
		t.Error("version prints nothing")
	}
}
