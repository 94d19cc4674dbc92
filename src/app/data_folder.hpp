#pragma once

#include <string>

/// What lies where in the data folder of embedded parts.
namespace nearline::app {

struct DataFolder {
    std::string path = "./data";

    std::string users() const { return "sqlite:" + path + "/users.db"; }
    std::string archive() const { return "sqlite:" + path + "/archive.db"; }
    std::string stream() const { return "embedded:" + path + "/stream"; }
    std::string registry() const { return "embedded:" + path; }
    std::string mail() const { return "file:" + path + "/mail"; }
    std::string secret_file() const { return path + "/jwt-secret"; }
};

/// The file in which an embedded registry is kept.
std::string registry_file(const std::string& folder);

/// The secret in the file; makes it (64 hex digits from the kernel, mode 0600) where it is missing. Warns of a
/// file that others may read. Throws std::runtime_error.
std::string read_or_make_secret(const std::string& file);
/// The secret in the file. Throws std::runtime_error.
std::string read_secret(const std::string& file);

}  // namespace nearline::app
