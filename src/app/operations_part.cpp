#include "app/operations_part.hpp"

#include "admin/routes.hpp"

namespace nearline::app {

OperationsPart::OperationsPart(Process& process, stream::Stream& stream, const token::Jwt* jwt,
                               const ListenOptions& listen, int port, const std::string& port_flag) {
    http::Router router;
    if (jwt != nullptr) {
        queries_.emplace(stream);
        letters_.emplace(stream);
        router.add(admin::routes(*queries_, *letters_, pool_, *jwt));
    }
    server_ = make_server(loop_, process, "operations", listen, port, port_flag, std::move(router));
}

void OperationsPart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"event loop of operations", [this] { loop_.start(); }, [](auto) {}, [this] { loop_.stop(); }});
    lifecycle.add({"questions of operators", [] {}, [](auto) {}, [this] { pool_.join(); }});
    auto part = server_part(*server_, "operations");
    // Whoever follows a topic is let go first, or would keep the server from draining.
    part.drain = [this, drain = part.drain](auto deadline) {
        if (queries_) queries_->stop();
        drain(deadline);
    };
    lifecycle.add(std::move(part));
}

}  // namespace nearline::app
