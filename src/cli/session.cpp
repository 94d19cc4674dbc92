#include "cli/session.hpp"

#include <openssl/evp.h>
#include <stdexcept>

#include "cli/prediction_flow.hpp"
#include "http/client.hpp"

namespace nearline::cli {

namespace {

std::string base64(const std::string& bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the zero byte that OpenSSL writes behind it
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace

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
    request.headers.set("Authorization", "Basic " + base64(user_ + ":" + password_));
    const auto answer = http::fetch(url_ + "/login", request);
    if (answer.status != 200)
        throw std::runtime_error("can't log in as " + user_ + " at " + url_ + ": " + problem_text(answer));
    token_ = answer.body;
}

}  // namespace nearline::cli
