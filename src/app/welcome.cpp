#include "app/welcome.hpp"

#include "app/demo_users.hpp"

namespace nearline::app {

namespace {

std::string place(const std::string& name, const std::string& where, const std::string& what = "") {
    if (where.empty()) return "";
    return "  " + name + std::string(17 - name.size(), ' ') + where + (what.empty() ? "" : "   " + what) + "\n";
}

/// A folder is to be looked into; a server's address is as it was given.
std::string mail(const std::string& place) {
    const std::string file = "file:";
    return place.starts_with(file) ? place.substr(file.size()) : place;
}

}  // namespace

std::string to_text(const Welcome& welcome) {
    const std::string user = welcome.demo_user.empty() ? "you@example.com" : welcome.demo_user;
    const std::string password = welcome.demo_user.empty() ? "" : ":" + std::string(demo_users::password);
    std::string text = "\nNearline is up. Ctrl-C stops it.\n\n" +
                       place("predictions", welcome.gateway_url, "/predict, /predictions, /openapi.json") +
                       place("mail", mail(welcome.mail_place)) + place("logins, users", welcome.auth_url) +
                       place("schema registry", welcome.registry_url) +
                       place("operations", welcome.admin_url, "/metrics, /readyz, /admin/topics") +
                       place("data", welcome.data_folder) + place("JWT secret", welcome.secret_file) + "\n";
    if (welcome.demo_user.empty()) {
        text += "A user of your own:\n\n  " + welcome.program + " users add --admin --data " + welcome.data_folder +
                " " + user + "\n\n";
    }
    text += "Log in, and ask for a prediction" + std::string(welcome.demo_user.empty() ? "" : ", as a demo user") +
            ":\n\n  TOKEN=$(curl -s -X POST -u " + user + password + " " + welcome.auth_url +
            "/login)\n\n  curl -s -X POST " + welcome.gateway_url +
            "/predict \\\n    -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" \\\n"
            "    -d '{\"sepal_length\": 5.2, \"sepal_width\": 3.6, \"petal_length\": 1.5, \"petal_width\": 0.3}'\n\n"
            "Read yours back, the newest first:\n\n  curl -s " +
            welcome.gateway_url + "/predictions -H \"Authorization: Bearer $TOKEN\"\n\n";
    return text;
}

}  // namespace nearline::app
