#pragma once

#include <memory>
#include <string>

#include "app/options.hpp"
#include "app/process.hpp"
#include "http/event_loop.hpp"
#include "registry/embedded_registry.hpp"
#include "registry/registry_api.hpp"

namespace nearline::app {

/// The embedded schema registry, for this process and, over Confluent's REST API, for others.
class RegistryPart {
public:
    /// Binds the port. `process` must outlive it.
    RegistryPart(Process& process, const std::string& folder, const ListenOptions& listen, int port,
                 const std::string& port_flag);

    void add_to(Lifecycle& lifecycle);
    schema::Registry& registry() noexcept { return registry_; }
    std::string url() const { return server_->url(); }

private:
    registry::EmbeddedRegistry registry_;
    http::EventLoop loop_{"registry"};
    std::unique_ptr<registry::RegistryApi> api_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace nearline::app
