#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Passwords as argon2id hashes (libsodium), 19 MiB and two passes (docs/decisions/0040). Hashing takes
/// tens of milliseconds of a core: never on an event loop. Thread-safe.
namespace nearline::auth {

/// The text form, with its parameters and a salt of its own. Throws std::bad_alloc.
std::string hash_password(std::string_view password);

bool verify_password(const std::string& hash, std::string_view password) noexcept;

/// Whether the hash was made with other parameters than hash_password()'s.
bool needs_rehash(const std::string& hash) noexcept;

/// The hash of a password that nobody has: checked in place of an unknown user's, so that the answer
/// takes the same time.
const std::string& nobodys_hash();

/// What is wrong with a new password for the user of this name, or nothing. Length alone counts, as NIST
/// SP 800-63B has it: 8 characters to 1024 bytes, no control characters, not the name.
std::optional<std::string> check_new_password(std::string_view password, std::string_view name);

}  // namespace nearline::auth
