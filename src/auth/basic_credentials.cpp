#include "auth/basic_credentials.hpp"

#include <sodium.h>

#include "http/text.hpp"

namespace nearline::auth {
namespace {

Problem unauthorized(std::string detail) {
    Problem problem{401, "Unauthorized", std::move(detail)};
    problem.www_authenticate = basic_challenge;
    return problem;
}

Problem refuse(const std::string& what) {
    return unauthorized(
        what + " Send name and password as HTTP Basic: `curl -u NAME:PASSWORD -X POST http://HOST:PORT/login`.");
}

std::optional<std::string> base64_decoded(std::string_view text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    auto* const target = reinterpret_cast<unsigned char*>(bytes.data());
    const int status = sodium_base642bin(target, bytes.size(), text.data(), text.size(), nullptr, &length, nullptr,
                                         sodium_base64_VARIANT_ORIGINAL);
    if (status != 0) return std::nullopt;
    bytes.resize(length);
    return bytes;
}

}  // namespace

Result<Credentials> parse_basic_credentials(std::optional<std::string_view> authorization) {
    if (!authorization) return refuse("There is no Authorization header.");
    const std::size_t space = authorization->find(' ');
    if (!http::equal_ignoring_case(authorization->substr(0, space), "Basic")) {
        return refuse("The Authorization header is not of the Basic scheme.");
    }
    const std::string_view encoded =
        space == std::string_view::npos ? std::string_view() : http::trim(authorization->substr(space));
    const std::optional<std::string> decoded = base64_decoded(encoded);
    if (!decoded) return refuse("What follows Basic is not base64.");
    const std::size_t colon = decoded->find(':');
    if (colon == std::string::npos) return refuse("There is no colon between name and password.");
    if (colon == 0) return refuse("The name is empty.");
    if (colon + 1 == decoded->size()) return refuse("The password is empty.");
    return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

Problem wrong_credentials() {
    return unauthorized("Name or password is wrong.");
}

}  // namespace nearline::auth
