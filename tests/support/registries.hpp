#pragma once

#include <memory>
#include <string>

#include "http/event_loop.hpp"
#include "http/server.hpp"
#include "registry/embedded_registry.hpp"
#include "registry/registry_api.hpp"
#include "runtime/metrics.hpp"
#include "support/temp_dir.hpp"

namespace nearline::test {

/// An embedded registry with its REST API on a port of its own.
class ServedRegistry {
public:
    ServedRegistry()
        : server_(loop_, {.service = "registry", .write_problem = registry::write_problem}, api_.routes(), metrics_) {
        loop_.start();
        server_.start();
    }
    ~ServedRegistry() { server_.stop(); }
    ServedRegistry(const ServedRegistry&) = delete;
    ServedRegistry& operator=(const ServedRegistry&) = delete;

    std::string url() const { return server_.url(); }
    registry::EmbeddedRegistry& registry() noexcept { return registry_; }
    Metrics& metrics() noexcept { return metrics_; }

private:
    Metrics metrics_;
    TempDir dir_;
    registry::EmbeddedRegistry registry_{dir_ / "registry.db"};
    http::EventLoop loop_{"registry"};
    registry::RegistryApi api_{registry_};
    http::Server server_;
};

/// The URL of the Confluent API of this run's Apicurio (NEARLINE_TEST_REGISTRY), or of one that is started
/// for this process. The working directory is the repository's.
const std::string& apicurio_url();

}  // namespace nearline::test
