#include "domain/rejection.hpp"

namespace nearline {
namespace {

constexpr std::size_t longest_message = 1'000;

}  // namespace

Rejection shortened(Rejection reason) {
    auto& message = reason.message;
    if (message.size() <= longest_message) return reason;
    auto end = longest_message;
    // Not in the middle of a UTF-8 character.
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
    message.resize(end);
    message += " …";
    return reason;
}

}  // namespace nearline
