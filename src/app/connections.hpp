#pragma once

#include <memory>
#include <string>

#include "app/options.hpp"
#include "runtime/metrics.hpp"
#include "schema/registry.hpp"
#include "stream/stream.hpp"

/// Makes what the settings name. Nothing here waits for a server.
namespace nearline::app {

/// `client_id` names the service to the broker. Throws ConfigurationError.
std::unique_ptr<stream::Stream> open_stream(const StreamOptions& options, const std::string& client_id,
                                            Metrics& metrics);

/// For registries over HTTP. Throws ConfigurationError.
std::unique_ptr<schema::Registry> open_registry(const RegistryOptions& options, Metrics& metrics);

/// What /readyz calls the stream: "kafka" or "embedded stream".
std::string stream_dependency(const StreamOptions& options);

}  // namespace nearline::app
