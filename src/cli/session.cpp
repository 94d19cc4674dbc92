#include "cli/session.hpp"

#include <stdexcept>

#include "cli/prediction_flow.hpp"
#include "http/client.hpp"
#include "token/base64url.hpp"

namespace nearline::cli {

Session::Session(std::string url, std::string user, std::string password)
    : url_(std::move(url)), user_(std::move(user)), password_(std::move(password)) {}

std::string Session::token() {
    const std::scoped_lock lock(mutex_);
    if (token_.empty()) login();
    return token_;
}

std::string Session::renew(const std::string& spent) {
    const std::scoped_lock lock(mutex_);
    // Another thread may have been here first.
    if (token_.empty() || token_ == spent) login();
    return token_;
}

void Session::login() {
    http::ClientRequest request;
    request.method = "POST";
    request.timeout = std::chrono::seconds(10);
    request.headers.set("Authorization", "Basic " + token::base64_encode(user_ + ":" + password_));
    const auto answer = http::fetch(url_ + "/login", request);
    if (answer.status != 200)
        throw std::runtime_error("can't log in as " + user_ + " at " + url_ + ": " + problem_text(answer));
    token_ = answer.body;
}

}  // namespace nearline::cli
