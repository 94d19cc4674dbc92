#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/problem.hpp"
#include "runtime/metrics.hpp"

namespace nearline::schema {

/// A schema registry: the part of Confluent's contract that writers and readers of topics need.
/// Implementations are thread-safe and block; they throw Unavailable when the registry can't answer.
class Registry {
public:
    virtual ~Registry() = default;

    /// The id of this JSON Schema under the subject; registers it if it is new there. A Problem (409
    /// incompatible, 422 no schema, 401/403) when the registry says no.
    virtual Result<std::int32_t> register_schema(const std::string& subject, const std::string& schema) = 0;

    /// The schema's text; nothing when the registry knows no such id.
    virtual std::optional<std::string> schema_by_id(std::int32_t id) = 0;

    /// The subjects under which this id is registered (soft-deleted versions included: records outlive
    /// them); empty for an unknown id.
    virtual std::vector<std::string> subjects_of(std::int32_t id) = 0;
};

struct RegistryClientOptions {
    std::string url;  ///< http(s)://host[:port][/base/path]
    std::string user{};
    std::string password{};
    std::string ca_file{};  ///< PEM, for https with a CA of one's own; empty: the system's
    std::chrono::milliseconds timeout{2'000};
};

/// Any registry with the Confluent REST API, over libcurl, connections kept. Throws
/// std::invalid_argument for a URL that is none.
std::unique_ptr<Registry> make_registry_client(const RegistryClientOptions& options, Metrics& metrics);

}  // namespace nearline::schema
