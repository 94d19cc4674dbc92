// A token that anybody may have written. Bytes with a line feed are a header and a payload that are signed with the
// right secret, so that what stands behind the signature is reached, too; others are the token.

#include <string>

#include "fuzz/target.hpp"
#include "token/base64url.hpp"
#include "token/hmac.hpp"
#include "token/jwt.hpp"

using namespace nearline;
using nearline::fuzz::require;

namespace {

constexpr std::string_view secret = "a secret of thirty-two bytes 012";
constexpr std::int64_t now = 1'700'000'000;

std::string signed_token(std::string_view header, std::string_view payload) {
    static const token::HmacSha256 key(secret);
    const auto text = token::base64url_encode(header) + "." + token::base64url_encode(payload);
    return text + "." + token::base64url_encode(token::as_text(key.sign(text)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const token::Jwt jwt(secret);
    const auto text = fuzz::as_text(data, size);
    const auto line_feed = text.find('\n');
    const bool is_ours = line_feed != std::string_view::npos;
    const auto token =
        is_ours ? signed_token(text.substr(0, line_feed), text.substr(line_feed + 1)) : std::string(text);
    const auto claims = jwt.verify(token, now);
    if (!claims) {
        require(claims.error().status == 401 && !claims.error().detail.empty(), "a refusal is a 401 that says why");
    } else {
        require(claims->exp > now - 120 && claims->iat < now + 120, "only a token that is good now is taken");
        const auto again = jwt.verify(jwt.sign(*claims), now);
        require(again && *again == *claims, "its claims are those that a token of ours would have");
        // Nobody can make a signature, and a token has one spelling.
        if (!is_ours) require(jwt.sign(*claims) == token, "what is not signed by us is not taken");
    }
    // As a header field it is read without a secret.
    (void)token::bearer_token(text);
    return 0;
}
