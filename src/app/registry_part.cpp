#include "app/registry_part.hpp"

#include "app/data_folder.hpp"

namespace nearline::app {

RegistryPart::RegistryPart(Process& process, const std::string& folder, const ListenOptions& listen, int port,
                           const std::string& port_flag)
    : registry_(registry_file(folder)),
      api_(std::make_unique<registry::RegistryApi>(registry_)),
      server_(
          make_server(loop_, process, "registry", listen, port, port_flag, api_->routes(), registry::write_problem)) {}

void RegistryPart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"event loop of the registry", [this] { loop_.start(); }, [](auto) {}, [this] { loop_.stop(); }});
    lifecycle.add({"thread of the registry", [] {}, [](auto) {}, [this] { api_.reset(); }});
    lifecycle.add(server_part(*server_, "registry"));
    // What has not ended by the end of the drain would keep the server from stopping.
    lifecycle.add({"comparisons of the registry", [] {}, [](auto) {}, [this] { api_->give_up(); }});
}

}  // namespace nearline::app
