#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>

#include "admin/dead_letter_desk.hpp"
#include "admin/topic_queries.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "http/event_loop.hpp"
#include "stream/stream.hpp"
#include "token/jwt.hpp"

namespace nearline::app {

/// The port for operators: /healthz, /readyz and /metrics, and, where there is a `jwt` to know
/// administrators by, the admin API.
class OperationsPart {
public:
    /// Binds the port. All that is handed over must outlive it.
    OperationsPart(Process& process, stream::Stream& stream, const token::Jwt* jwt, const ListenOptions& listen,
                   int port, const std::string& port_flag);

    void add_to(Lifecycle& lifecycle);
    std::string url() const { return server_->url(); }

private:
    http::EventLoop loop_{"operations"};
    boost::asio::thread_pool pool_{2};
    std::optional<admin::TopicQueries> queries_;
    std::optional<admin::DeadLetterDesk> letters_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace nearline::app
