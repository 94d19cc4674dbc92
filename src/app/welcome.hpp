#pragma once

#include <string>

namespace nearline::app {

/// What `nearline up` says when it is up.
struct Welcome {
    std::string gateway_url;
    std::string auth_url;
    std::string registry_url;  ///< empty: it is elsewhere
    std::string admin_url;
    std::string mail_place;  ///< file:DIR or smtp(s)://…; empty: nothing is mailed
    std::string data_folder;
    std::string secret_file;  ///< empty: the secret was given
    std::string demo_user;    ///< empty: there is none with the password that everyone knows
    std::string program;      ///< how to run nearline
};

/// Where things are, how to stop it, and a login and a prediction to paste.
std::string to_text(const Welcome& welcome);

}  // namespace nearline::app
