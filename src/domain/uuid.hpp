#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace nearline {

/// A UUID (RFC 9562) as a value. All functions are thread-safe.
class Uuid {
public:
    /// The nil UUID.
    constexpr Uuid() noexcept = default;
    explicit constexpr Uuid(const std::array<std::uint8_t, 16>& bytes) noexcept : bytes_(bytes) {}

    /// Version 4, from the kernel's random numbers.
    static Uuid random();

    /// Version 5 (RFC 9562, 5.5): the SHA-1 of the name space's bytes and the name.
    static Uuid name_based(const Uuid& name_space, std::string_view name);

    /// Version 8 (RFC 9562, 5.8): the first 128 bits of the SHA-256 of the parts. Each part goes in
    /// with its length before it (8 bytes, big-endian), so that ("ab", "c") is not ("a", "bc").
    static Uuid hash_based(std::initializer_list<std::string_view> parts);
    /// Whether it was made so (its version is 8).
    bool is_hash_based() const noexcept { return (bytes_[6] >> 4) == 8; }

    /// The 36-character form, either case; anything else is nothing.
    static std::optional<Uuid> parse(std::string_view text) noexcept;

    /// The 36-character form in lower case.
    std::string to_string() const;

    constexpr const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
    friend constexpr auto operator<=>(const Uuid&, const Uuid&) noexcept = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

/// The name space for model ids: model_id = name_based(model_name_space, lower-case hex of the model
/// file's SHA-256), so that the same file has the same id everywhere.
inline constexpr Uuid model_name_space{
    {0x6e, 0x65, 0x61, 0x72, 0x6c, 0x69, 0x4e, 0x65, 0x80, 0x6d, 0x6f, 0x64, 0x65, 0x6c, 0x69, 0x64}};

/// SHA-256 in lower-case hex (64 characters).
std::string sha256_hex(std::string_view bytes);

}  // namespace nearline

template <>
struct std::hash<nearline::Uuid> {
    std::size_t operator()(const nearline::Uuid& id) const noexcept {
        // Random or hashed bytes already: any eight of them are a hash.
        std::size_t value = 0;
        for (std::size_t i = 0; i < sizeof value; ++i) value = (value << 8) | id.bytes()[i + 8];
        return value;
    }
};
