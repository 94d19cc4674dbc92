#include "http/server.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>

#include "http/connection.hpp"
#include "http/listener.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"

namespace nearline::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
constexpr auto with_error = asio::as_tuple(asio::use_awaitable);

// How long a kept connection may still bring a request when the server drains.
constexpr milliseconds drain_grace{500};
constexpr milliseconds drain_sweep{50};
// However late a drain begins: closing what is idle takes this long at most, and is no request that did not end.
constexpr milliseconds least_drain{100};
constexpr milliseconds longest_stop{5'000};

/// How often deadlines are looked at: often enough for the shortest time-out, seldom enough to cost nothing.
milliseconds sweep_period(const ServerOptions& options) {
    const auto shortest =
        std::min({options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
    return std::clamp(shortest / 8, milliseconds(10), milliseconds(500));
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(EventLoop& event_loop, ServerOptions options, Router router, Metrics& metrics)
        : loop(event_loop),
          acceptor(listen_on(event_loop.context(), options.address, options.port)),
          port(acceptor.local_endpoint().port()),
          sweep_timer(event_loop.context()),
          accept_timer(event_loop.context()),
          drain_timer(event_loop.context()) {
        state = std::make_shared<ServerState>(std::move(options), std::move(router), metrics);
    }

    EventLoop& loop;
    TcpAcceptor acceptor;
    int port;
    std::shared_ptr<ServerState> state{};
    asio::steady_timer sweep_timer;
    asio::steady_timer accept_timer;
    asio::steady_timer drain_timer;
    boost::intrusive::list<Connection, boost::intrusive::base_hook<AllHook>,
                           boost::intrusive::constant_time_size<false>>
        connections{};
    bool sweeping = false;

    // Shared with the threads that wait in drain() and stop().
    std::mutex mutex{};
    std::condition_variable ended{};
    int open = 0;
    bool draining = false;  // begin_drain has run on the loop
    bool closed = false;    // close_all has

    int count();
    void serve(TcpSocket socket);
    void connection_ended();
    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);
    error_code accept_waiting();
    std::string why_it_waits(const error_code& error) const;
    asio::awaitable<void> make_place(milliseconds time);
    void sweep();
    void begin_drain(steady_clock::time_point deadline);
    void close_all();
    void tell(bool& done);
    bool wait_until_empty(const bool& begun, steady_clock::time_point deadline);
};

int Server::Impl::count() {
    const std::lock_guard lock(mutex);
    return open;
}

void Server::Impl::serve(TcpSocket socket) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    // write_some must not wait when the client does not read.
    socket.non_blocking(true, ignored);
    auto connection = std::make_shared<Connection>(state, std::move(socket));
    connections.push_back(*connection);
    {
        const std::lock_guard lock(mutex);
        ++open;
    }
    const auto slot = connection->slot();
    auto run = Connection::run(connection);
    asio::co_spawn(
        loop.executor(), std::move(run),
        asio::bind_cancellation_slot(slot, [self = shared_from_this(), connection](const std::exception_ptr&) {
            static_cast<AllHook&>(*connection).unlink();
            self->connection_ended();
        }));
    if (!sweeping) {
        sweeping = true;
        sweep();
    }
}

void Server::Impl::connection_ended() {
    accept_timer.cancel();
    const std::lock_guard lock(mutex);
    --open;
    ended.notify_all();
}

/// Closes the connection that has waited longest, if any has for long enough, and waits until there is a place.
asio::awaitable<void> Server::Impl::make_place(milliseconds time) {
    auto until = steady_clock::now() + time;
    if (!state->idle.empty()) {
        auto& longest = state->idle.front();
        const auto may_go = longest.since() + state->options.min_idle;
        if (may_go <= steady_clock::now()) {
            longest.make_way();
        } else {
            until = std::min(until, may_go);
        }
    }
    accept_timer.expires_at(until);
    co_await accept_timer.async_wait(with_error);
}

/// Accepts who waits, as far as there are places. An error only if nobody could be accepted: after that,
/// accept() may say that it is out of descriptors although nobody waits.
error_code Server::Impl::accept_waiting() {
    for (bool first = true;; first = false) {
        if (count() >= state->options.max_connections) return first ? asio::error::no_buffer_space : error_code();
        TcpSocket socket(loop.executor());
        error_code error;
        acceptor.accept(socket, error);
        if (error) return first && error != asio::error::would_block ? error : error_code();
        serve(std::move(socket));
    }
}

std::string Server::Impl::why_it_waits(const error_code& error) const {
    if (error != asio::error::no_buffer_space) return error.message();
    return "all " + std::to_string(state->options.max_connections) + " that --max-connections allows are open";
}

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Impl> self) {
    Backoff backoff({.first = milliseconds(20), .most = milliseconds(1'000)});
    log::Throttle throttle(10);
    while (self->acceptor.is_open()) {
        // Only when somebody waits is their place worth an idle connection.
        co_await self->acceptor.async_wait(asio::socket_base::wait_read, with_error);
        const auto error = self->accept_waiting();
        if (!error) backoff.reset();
        if (!error || error == asio::error::connection_aborted) continue;
        if (error == asio::error::bad_descriptor) co_return;
        if (long held = 0; throttle.pass(held))
            log::warning("a connection must wait", {{"service", self->state->options.service},
                                                    {"reason", self->why_it_waits(error)},
                                                    {"held_back", held}});
        // Asking again at once would spin: the connection stays in the queue.
        co_await self->make_place(backoff.next());
    }
}

void Server::Impl::sweep() {
    const auto now = steady_clock::now();
    for (auto& connection : connections) connection.expire(now);
    // Nobody to watch, nothing to do: a service at rest sleeps.
    sweeping = !connections.empty();
    if (!sweeping) return;
    const auto period = sweep_period(state->options);
    sweep_timer.expires_after(state->draining ? std::min(period, drain_sweep) : period);
    sweep_timer.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->sweep();
    });
}

void Server::Impl::begin_drain(steady_clock::time_point deadline) {
    if (state->draining) return tell(draining);
    state->draining = true;
    error_code ignored;
    // Who has connected already is served.
    if (acceptor.is_open()) accept_waiting();
    acceptor.close(ignored);
    accept_timer.cancel();
    const auto now = steady_clock::now();
    for (auto& connection : connections) connection.hurry();
    sweep();
    const auto grace = std::min(steady_clock::duration(drain_grace), (deadline - now) / 2);
    drain_timer.expires_after(std::max(grace, steady_clock::duration::zero()));
    drain_timer.async_wait([self = shared_from_this()](error_code error) {
        if (error) return;
        for (auto& connection : self->connections) connection.close_if_idle();
    });
    tell(draining);
}

void Server::Impl::close_all() {
    state->draining = true;
    error_code ignored;
    acceptor.close(ignored);
    accept_timer.cancel();
    drain_timer.cancel();
    sweep_timer.cancel();
    for (auto& connection : connections) connection.abort();
    tell(closed);
}

bool Server::Impl::wait_until_empty(const bool& begun, steady_clock::time_point deadline) {
    std::unique_lock lock(mutex);
    return ended.wait_until(lock, deadline, [&] { return begun && open == 0; });
}

void Server::Impl::tell(bool& done) {
    const std::lock_guard lock(mutex);
    done = true;
    ended.notify_all();
}

Server::Server(EventLoop& loop, ServerOptions options, Router router, Metrics& metrics)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(router), metrics)) {}

Server::~Server() {
    stop();
}

int Server::port() const noexcept {
    return impl_->port;
}

std::string Server::url() const {
    auto host = impl_->state->options.address;
    if (host == "0.0.0.0" || host == "::") host = "127.0.0.1";
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return "http://" + host + ":" + std::to_string(impl_->port);
}

void Server::start() {
    log::info("listening", {{"service", impl_->state->options.service},
                            {"address", impl_->state->options.address},
                            {"port", impl_->port}});
    asio::co_spawn(impl_->loop.executor(), Impl::accept(impl_), asio::detached);
}

void Server::drain(steady_clock::time_point deadline) {
    if (!impl_->loop.running()) return;
    asio::post(impl_->loop.executor(), [impl = impl_, deadline] { impl->begin_drain(deadline); });
    if (impl_->wait_until_empty(impl_->draining, std::max(deadline, steady_clock::now() + least_drain))) return;
    const int open = impl_->count();
    if (open == 0) return;
    log::warning("requests did not end in time", {{"service", impl_->state->options.service}, {"connections", open}});
}

void Server::stop() {
    if (!impl_->loop.running()) {
        error_code ignored;
        impl_->acceptor.close(ignored);
        return;
    }
    asio::post(impl_->loop.executor(), [impl = impl_] { impl->close_all(); });
    if (!impl_->wait_until_empty(impl_->closed, steady_clock::now() + longest_stop))
        log::error("handlers did not end",
                   {{"service", impl_->state->options.service}, {"connections", impl_->count()}});
}

}  // namespace nearline::http
