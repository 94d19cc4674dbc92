#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <string>

#include "domain/time.hpp"
#include "http/request_guard.hpp"
#include "http/request_ids.hpp"
#include "http/server.hpp"
#include "http/server_metrics.hpp"
#include "http/trusted_proxies.hpp"
#include "runtime/log.hpp"

namespace nearline::http {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
class Connection;

using AllHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct AllTag>,
                                                 boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using IdleHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct IdleTag>,
                                                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// What the connections of one server share. For the loop's thread.
struct ServerState {
    ServerState(ServerOptions o, Router r, Metrics& m)
        : options(std::move(o)), router(std::move(r)), proxies(options.trusted_proxies), metrics(m, options.service) {}

    ServerOptions options;
    Router router;
    TrustedProxies proxies;
    ServerMetrics metrics;
    RequestIds request_ids{};
    log::Throttle unavailable{1};
    bool draining = false;
    /// Those that wait for a request's header or its rest, or for the client's farewell, the longest wait first.
    boost::intrusive::list<Connection, boost::intrusive::base_hook<IdleHook>,
                           boost::intrusive::constant_time_size<false>>
        idle{};

    /// The Date header of this second.
    const std::string& date();

private:
    std::string date_;
    long long date_second_ = -1;
};

/// One client's connection: reads a request, answers it, and so on. For the loop's thread. A deadline that
/// the server's sweep watches stands for every wait, instead of a timer for each.
class Connection : public AllHook, public IdleHook {
public:
    Connection(std::shared_ptr<ServerState> server, TcpSocket socket);

    /// Serves until the connection ends; never throws.
    static boost::asio::awaitable<void> run(std::shared_ptr<Connection> self);

    /// Ends the wait under way if its deadline has passed.
    void expire(SteadyTime now);
    /// Ends it if it waits for the first byte of a request, or for the client's farewell.
    void close_if_idle();
    /// Ends it if it has no whole header yet, or waits for the client's farewell.
    void make_way();
    /// Since when it does what it does now.
    SteadyTime since() const noexcept { return since_; }
    /// Ends it whatever it does; a handler's wait is cancelled.
    void abort();
    /// The server drains: no long farewell.
    void hurry();

    boost::asio::cancellation_slot slot() noexcept { return cancelled_.slot(); }

private:
    enum class Phase { idle, header, body, handling, writing, lingering };
    enum class Step { go_on, refused, gone };
    struct Exchange;

    boost::asio::awaitable<bool> serve_one();
    boost::asio::awaitable<Step> read_header(HeaderScan& scan);
    Step open_request(Exchange& exchange, std::string_view header);
    boost::asio::awaitable<Step> read_body(Exchange& exchange);
    Step feed_body(Exchange& exchange);
    boost::asio::awaitable<Response> handle(Exchange& exchange);
    boost::asio::awaitable<Response> call(const Route& route, const Request& request);
    boost::asio::awaitable<bool> answer(const Exchange& exchange, Response response);
    boost::asio::awaitable<boost::system::error_code> receive(std::size_t most);
    boost::asio::awaitable<bool> write(std::string_view head, std::string_view body);
    boost::asio::awaitable<void> linger();

    Step refuse(Problem problem);
    void enter(Phase phase, std::chrono::milliseconds time);
    std::string_view received() const noexcept;

    std::shared_ptr<ServerState> server_;
    TcpSocket socket_;
    boost::asio::cancellation_signal cancelled_;
    std::string peer_;
    boost::beast::flat_buffer buffer_;
    std::string head_;                  // of the answer; kept for its memory
    std::optional<Problem> refusal_{};  // why the request under way is refused before its handler
    Phase phase_ = Phase::idle;
    SteadyTime since_{};
    SteadyTime deadline_ = SteadyTime::max();
    bool fresh_ = true;     // no request yet
    bool expired_ = false;  // the sweep ended the wait
    bool closing_ = false;  // somebody else ended it, or the next wait for a request
    bool aborted_ = false;  // abort() was called
};

}  // namespace nearline::http
