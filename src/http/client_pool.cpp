#include "http/client_pool.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "http/text.hpp"

namespace nearline::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;
constexpr auto with_error = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t max_header = 64 << 10;

void require_valid(const ClientRequest& request) {
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (!is_token(request.method)) throw std::invalid_argument("'" + request.method + "' is no HTTP method");
    if (!request.target.starts_with('/') || !std::all_of(request.target.begin(), request.target.end(), visible))
        throw std::invalid_argument("'" + request.target + "' is no path of a URL");
    for (const auto& [name, value] : request.headers.all())
        if (!is_token(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            throw std::invalid_argument("header field '" + name + "' can't be sent");
}

beast::http::request<beast::http::string_body> to_beast(const ClientRequest& request, const Url& url) {
    beast::http::request<beast::http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(url.path + request.target);
    if (!request.headers.find("Host")) message.set(beast::http::field::host, url.authority);
    if (!request.headers.find("User-Agent")) message.set(beast::http::field::user_agent, "nearline");
    for (const auto& [name, value] : request.headers.all()) message.insert(name, value);
    message.body() = request.body;
    message.prepare_payload();
    return message;
}

Response from_beast(beast::http::response<beast::http::string_body>&& message) {
    Response response{static_cast<int>(message.result_int())};
    for (const auto& field : message)
        response.headers.add(std::string(field.name_string()), std::string(field.value()));
    response.body = std::move(message.body());
    return response;
}

}  // namespace

/// A use of one connection, which ends when its time is over.
struct ClientPool::Attempt {
    Attempt(asio::io_context& context, std::unique_ptr<Connection> used, steady_clock::time_point deadline)
        : connection(std::move(used)), timer(context, deadline) {
        timer.async_wait([socket = &connection->socket, over = expired](error_code error) {
            if (error || *over != State::running) return;
            *over = State::expired;
            error_code ignored;
            socket->close(ignored);
        });
    }
    ~Attempt() { release(); }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    /// The connection, out of the timer's reach.
    std::unique_ptr<Connection> release() {
        if (*expired == State::running) *expired = State::ended;
        timer.cancel();
        return std::move(connection);
    }

    enum class State { running, expired, ended };
    // The timer's handler may be queued already when the attempt ends: it looks here first.
    std::shared_ptr<State> expired = std::make_shared<State>(State::running);
    std::unique_ptr<Connection> connection;
    asio::steady_timer timer;
    bool reusable = false;
};

/// A request that waits for a place.
struct ClientPool::Waiter {
    Timer timer;
    bool has_place = false;
};

/// One of the max_connections places; at the end the next in line gets it.
class ClientPool::Place {
public:
    explicit Place(ClientPool& pool) : pool_(pool) {}
    ~Place() {
        if (pool_.waiting_.empty()) {
            --pool_.under_way_;
            return;
        }
        auto& next = *pool_.waiting_.front();
        pool_.waiting_.pop_front();
        next.has_place = true;
        next.timer.cancel();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

private:
    ClientPool& pool_;
};

ClientPool::ClientPool(asio::io_context& context, const std::string& url, std::size_t max_connections,
                       std::size_t max_body)
    : context_(context), url_(parse_url(url)), max_connections_(max_connections), max_body_(max_body) {
    while (url_.path.ends_with('/')) url_.path.pop_back();
    if (url_.path.find('?') != std::string::npos) throw std::invalid_argument("'" + url + "' has a query");
    origin_ = "http://" + url_.authority + url_.path;
}

void ClientPool::fail(const std::string& why) const {
    throw Unavailable(origin_ + ": " + why);
}

/// Waits in line while max_connections requests are under way.
asio::awaitable<void> ClientPool::take_place(steady_clock::time_point deadline) {
    if (under_way_ < max_connections_) {
        ++under_way_;
        co_return;
    }
    Waiter waiter{Timer(context_, deadline)};
    waiting_.push_back(&waiter);
    co_await waiter.timer.async_wait(with_error);
    if (waiter.has_place) co_return;
    std::erase(waiting_, &waiter);
    fail("no answer in time: " + std::to_string(max_connections_) + " requests are under way already");
}

/// The connection used last, if the server has not closed it in the meantime.
std::unique_ptr<ClientPool::Connection> ClientPool::take_kept() {
    while (!kept_.empty()) {
        auto connection = std::move(kept_.back());
        kept_.pop_back();
        char byte = 0;
        error_code error;
        connection->socket.cancel(error);  // the watch over it
        connection->socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
        // Neither an end nor bytes that nobody asked for.
        if (error == asio::error::would_block) return connection;
    }
    return nullptr;
}

/// Until the server closes it, or says something unasked. Without this watch its end would be seen at the next
/// request only, and the connection would be half open until then.
void ClientPool::keep(std::unique_ptr<Connection> connection) {
    connection->kept_as = ++keepings_;
    connection->socket.async_wait(tcp::socket::wait_read,
                                  [weak = weak_from_this(), kept_as = connection->kept_as](error_code error) {
                                      const auto self = weak.lock();
                                      if (!error && self) self->drop(kept_as);
                                  });
    kept_.push_back(std::move(connection));
}

/// Where it has not been taken in the meantime.
void ClientPool::drop(std::uint64_t kept_as) {
    std::erase_if(kept_, [&](const auto& connection) { return connection->kept_as == kept_as; });
}

/// Names are resolved on a thread of Asio's, which can't be interrupted: whoever waits gives up in time, and
/// the answer comes to nobody.
asio::awaitable<std::vector<tcp::endpoint>> ClientPool::resolve(steady_clock::time_point deadline) {
    error_code error;
    const auto address = asio::ip::make_address(url_.host, error);
    if (!error) co_return std::vector<tcp::endpoint>{{address, static_cast<unsigned short>(url_.port)}};
    struct Lookup {
        Lookup(asio::io_context& context, steady_clock::time_point until) : resolver(context), done(context, until) {}
        tcp::resolver resolver;
        Timer done;
        std::vector<tcp::endpoint> endpoints{};
        error_code error = asio::error::timed_out;
    };
    const auto lookup = std::make_shared<Lookup>(context_, deadline);
    lookup->resolver.async_resolve(url_.host, std::to_string(url_.port),
                                   [lookup](error_code failed, const tcp::resolver::results_type& results) {
                                       lookup->error = failed;
                                       for (const auto& result : results)
                                           lookup->endpoints.push_back(result.endpoint());
                                       lookup->done.cancel();
                                   });
    co_await lookup->done.async_wait(with_error);
    if (lookup->error) fail("can't find the host: " + lookup->error.message());
    co_return lookup->endpoints;
}

asio::awaitable<void> ClientPool::connect(Connection& connection, steady_clock::time_point deadline) {
    const auto endpoints = co_await resolve(deadline);
    if (steady_clock::now() >= deadline) fail("no connection in time");
    const auto [error, endpoint] = co_await asio::async_connect(connection.socket, endpoints, with_error);
    if (error) fail(error == asio::error::operation_aborted ? "no connection in time" : error.message());
    error_code ignored;
    connection.socket.set_option(tcp::no_delay(true), ignored);
    connection.socket.non_blocking(true, ignored);
}

/// Sends the request and reads the answer; status 0: the connection ended before a byte of it.
asio::awaitable<Response> ClientPool::exchange(Attempt& attempt, const ClientRequest& request) {
    auto& socket = attempt.connection->socket;
    auto& buffer = attempt.connection->buffer;
    const auto why = [&](error_code error) {
        return *attempt.expired == Attempt::State::expired ? std::string("no answer in time") : error.message();
    };
    auto message = to_beast(request, url_);
    const auto [unsent, written] = co_await beast::http::async_write(socket, message, with_error);
    std::optional<beast::http::response_parser<beast::http::string_body>> parser;
    do {
        // Answers with 1xx only announce the answer (RFC 9110, 15.2).
        parser.emplace();
        parser->header_limit(max_header);
        parser->body_limit(max_body_);
        parser->skip(request.method == "HEAD");
        const auto [error, size] = co_await beast::http::async_read(socket, buffer, *parser, with_error);
        if (!error) continue;
        const bool nothing_came = !parser->got_some() && buffer.size() == 0;
        if (nothing_came && *attempt.expired == Attempt::State::running) co_return Response{0};
        fail(why(unsent ? unsent : error));
    } while (parser->get().result_int() / 100 == 1);
    attempt.reusable = !unsent && parser->keep_alive() && buffer.size() == 0;
    co_return from_beast(parser->release());
}

asio::awaitable<Response> ClientPool::send(std::shared_ptr<ClientPool> self, ClientRequest request) {
    require_valid(request);
    const auto deadline = steady_clock::now() + request.timeout;
    co_await self->take_place(deadline);
    const Place place(*self);
    for (;;) {
        auto kept = self->take_kept();
        const bool fresh = !kept;
        Attempt attempt(self->context_, fresh ? std::make_unique<Connection>(self->context_) : std::move(kept),
                        deadline);
        if (fresh) co_await self->connect(*attempt.connection, deadline);
        auto response = co_await self->exchange(attempt, request);
        if (response.status != 0) {
            if (attempt.reusable) self->keep(attempt.release());
            co_return response;
        }
        if (fresh) self->fail("the connection was closed without an answer");
    }
}

}  // namespace nearline::http
