#include "token/location_signer.hpp"

#include <array>
#include <cstdint>

#include "token/base64url.hpp"
#include "token/hmac.hpp"

namespace nearline::token {
namespace {

// Version, request id, user, microseconds since 1970 (big-endian), signature.
constexpr char version = 1;
constexpr std::size_t ticket_size = 1 + 16 + 16 + 8;
constexpr std::size_t signature_size = std::tuple_size_v<HmacSha256::Digest>;

void append(std::string& out, const Uuid& id) {
    out.append(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
}

Uuid read_uuid(std::string_view bytes) {
    std::array<std::uint8_t, 16> id{};
    for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(bytes[i]);
    return Uuid(id);
}

}  // namespace

struct LocationSigner::Impl {
    explicit Impl(std::string_view key) : hmac(key) {}
    HmacSha256 hmac;
};

// The shared secret signs tokens too: a key of its own keeps one from passing for the other.
LocationSigner::LocationSigner(std::string_view secret)
    : impl_(std::make_unique<Impl>(derive_key(secret, "nearline location v1"))) {}

LocationSigner::~LocationSigner() = default;

std::string LocationSigner::sign(const Ticket& ticket) const {
    std::string bytes(1, version);
    append(bytes, ticket.request_id);
    append(bytes, ticket.user);
    const auto micros = static_cast<std::uint64_t>(ticket.accepted.time_since_epoch().count());
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((micros >> shift) & 0xff);
    const auto signature = impl_->hmac.sign(bytes);
    bytes += as_text(signature);
    return base64url_encode(bytes);
}

std::optional<Ticket> LocationSigner::verify(std::string_view text) const {
    // Before decoding: hostile text can be long.
    if (text.size() != ((ticket_size + signature_size) * 4 + 2) / 3) return std::nullopt;
    const auto bytes = base64url_decode(text);
    if (!bytes || bytes->size() != ticket_size + signature_size || bytes->front() != version) return std::nullopt;
    const std::string_view all(*bytes);
    if (!impl_->hmac.verify(all.substr(0, ticket_size), all.substr(ticket_size))) return std::nullopt;
    std::uint64_t micros = 0;
    for (const char byte : all.substr(33, 8)) micros = (micros << 8) | static_cast<unsigned char>(byte);
    return Ticket{read_uuid(all.substr(1)), read_uuid(all.substr(17)),
                  WallTime(std::chrono::microseconds(static_cast<std::int64_t>(micros)))};
}

}  // namespace nearline::token
