#include "http/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <ctime>
#include <utility>

#include "http/answer.hpp"
#include "http/request_parser.hpp"
#include "http/text.hpp"
#include "runtime/log.hpp"

namespace nearline::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
constexpr auto with_error = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t first_read = 2 << 10;
constexpr std::size_t body_read = 64 << 10;
constexpr std::size_t most_thrown_away = 16 << 20;
constexpr std::chrono::milliseconds longest_farewell{2'000};
constexpr std::chrono::milliseconds drain_farewell{250};
// A chunk of one byte is six bytes on the wire; more than eight for each is no honest client.
constexpr std::uint64_t most_chunk_overhead = 8;

std::string address_text(const TcpSocket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "unknown";
    const auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

Problem too_large(std::size_t most) {
    return {413, "Content Too Large",
            "The body is larger than the " + std::to_string(most) + " bytes that are taken here."};
}

}  // namespace

const std::string& ServerState::date() {
    const auto second = static_cast<long long>(std::time(nullptr));
    if (second != date_second_) {
        date_ = http_date(second);
        date_second_ = second;
    }
    return date_;
}

/// One request and what is known of its answer.
struct Connection::Exchange {
    Exchange(const ServerOptions& options) : parser(request, options.max_header, options.max_body) {}
    Request request{};
    RequestParser parser;
    Router::Match match{};
    std::optional<Problem> wrong_query{};
    std::uint64_t body_bytes = 0;  // as they came, chunk headers included
    std::optional<std::uint64_t> content_length{};
    int minor_version = 1;
    bool expects_continue = false;
    bool keep_alive = false;
    std::string_view route = "malformed";
    SteadyTime began = std::chrono::steady_clock::now();
};

Connection::Connection(std::shared_ptr<ServerState> server, TcpSocket socket)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      peer_(address_text(socket_)),
      buffer_(server_->options.max_header + body_read) {
    server_->metrics.opened();
}

asio::awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
    try {
        while (co_await self->serve_one()) {
        }
    } catch (const std::exception& error) {
        if (!self->aborted_)
            log::error("connection failed", {{"service", self->server_->options.service}, {"error", error.what()}});
    }
    error_code ignored;
    self->socket_.close(ignored);
    self->server_->metrics.closed();
}

void Connection::expire(SteadyTime now) {
    if (deadline_ > now) return;
    expired_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::close_if_idle() {
    if (phase_ != Phase::header) make_way();
}

void Connection::make_way() {
    if (!IdleHook::is_linked()) return;
    closing_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::abort() {
    closing_ = true;
    aborted_ = true;
    error_code ignored;
    socket_.close(ignored);
    cancelled_.emit(asio::cancellation_type::terminal);
}

void Connection::hurry() {
    if (phase_ == Phase::lingering) deadline_ = std::min(deadline_, std::chrono::steady_clock::now() + drain_farewell);
}

void Connection::enter(Phase phase, std::chrono::milliseconds time) {
    IdleHook::unlink();
    phase_ = phase;
    expired_ = false;
    since_ = std::chrono::steady_clock::now();
    deadline_ = phase == Phase::handling ? SteadyTime::max() : since_ + time;
    if (phase == Phase::idle || phase == Phase::header || phase == Phase::lingering) server_->idle.push_back(*this);
}

std::string_view Connection::received() const noexcept {
    return {static_cast<const char*>(buffer_.cdata().data()), buffer_.size()};
}

Connection::Step Connection::refuse(Problem problem) {
    refusal_ = std::move(problem);
    return Step::refused;
}

/// Reads what is there, at most so much. No data is an error too.
asio::awaitable<error_code> Connection::receive(std::size_t most) {
    const auto [error, size] = co_await socket_.async_read_some(buffer_.prepare(most), with_error);
    buffer_.commit(size);
    co_return error;
}

/// Waits for a request and reads up to the end of its header.
asio::awaitable<Connection::Step> Connection::read_header(HeaderScan& scan) {
    const auto& options = server_->options;
    const auto most = options.max_header;
    bool skipped_line = false;
    std::size_t scanned = 0;
    // A connection that waits keeps little memory: there can be thousands.
    if (buffer_.size() == 0 && buffer_.capacity() > 4 * first_read) buffer_.shrink_to_fit();
    enter(Phase::idle, std::exchange(fresh_, false) ? options.header_timeout : options.idle_timeout);
    for (;;) {
        // A client may send one empty line before a request (RFC 9112, 2.2).
        if (!skipped_line && received().starts_with("\r\n")) {
            buffer_.consume(2);
            skipped_line = true;
        }
        if (buffer_.size() > 0 && received() != "\r") {
            if (phase_ == Phase::idle) enter(Phase::header, options.header_timeout);
            scan = scan_header(received().substr(0, most), scanned);
            if (scan.state == HeaderScan::State::complete) co_return Step::go_on;
            if (scan.state == HeaderScan::State::broken) co_return refuse(broken_header(received()));
            scanned = buffer_.size();
            if (scanned >= most)
                co_return refuse(
                    {431, "Request Header Fields Too Large",
                     "The header is larger than the " + std::to_string(most) + " bytes that are taken here."});
        }
        if (closing_) co_return Step::gone;
        const auto room = std::min(std::max(first_read, buffer_.capacity() - buffer_.size()), most - buffer_.size());
        const auto error = co_await receive(room);
        if (!error) continue;
        if (expired_ && buffer_.size() > 0)
            co_return refuse({408, "Request Timeout", "The request's header did not come in time."});
        co_return Step::gone;
    }
}

/// Checks the header twice, by the guard and by Beast, and fills the request.
Connection::Step Connection::open_request(Exchange& exchange, std::string_view header) {
    const auto checked = check_header(header);
    if (!checked) return refuse(checked.error());
    const auto& head = *checked;
    auto& request = exchange.request;
    request.method = head.method;
    request.target = head.target;
    request.path = head.path;
    if (auto query = parse_query(head.query)) {
        request.query = *std::move(query);
    } else {
        exchange.wrong_query = query.error();
    }
    exchange.minor_version = head.minor_version;
    exchange.content_length = head.content_length;
    exchange.expects_continue = head.expects_continue;

    exchange.match = server_->router.match(head.method, head.path);
    exchange.route = exchange.match.route ? std::string_view(exchange.match.route->pattern) : "unmatched";
    request.params = std::move(exchange.match.params);

    if (head.content_length > server_->options.max_body) return refuse(too_large(server_->options.max_body));
    error_code error;
    auto& parser = exchange.parser;
    const auto used = parser.put(asio::buffer(header), error);
    if (error && error != boost::beast::http::error::need_more)
        return refuse({400, "Bad Request", "The header is malformed: " + error.message() + '.'});
    // Two parsers that disagree about where a request ends are how requests are smuggled.
    const auto length = parser.is_header_done() ? parser.content_length() : boost::none;
    if (!parser.is_header_done() || used != header.size() || parser.chunked() != head.chunked ||
        length.has_value() != head.content_length.has_value() || (length && *length != *head.content_length))
        return refuse({400, "Bad Request", "The header can be read in two ways."});
    exchange.keep_alive = parser.keep_alive();
    request.remote_address = server_->proxies.client_address(peer_, request.headers);
    return Step::go_on;
}

/// Parses what is in the buffer. `refused`, or `go_on` (also when more is needed).
Connection::Step Connection::feed_body(Exchange& exchange) {
    error_code error;
    const auto used = exchange.parser.put(buffer_.cdata(), error);
    buffer_.consume(used);
    exchange.body_bytes += used;
    const auto& options = server_->options;
    if (error == boost::beast::http::error::body_limit ||
        exchange.body_bytes > options.max_header + most_chunk_overhead * options.max_body)
        return refuse(too_large(options.max_body));
    if (error && error != boost::beast::http::error::need_more)
        return refuse({400, "Bad Request", "The chunked body is malformed: " + error.message() + '.'});
    // Beast waits for the CRLF. What it leaves of a chunked body are lines: nothing can make this one right.
    if (exchange.parser.chunked() && !exchange.parser.is_done() && has_bare_lf(received()))
        return refuse({400, "Bad Request", "The chunked body is malformed: a line ends with a bare LF."});
    if (!exchange.parser.is_done() && buffer_.size() >= options.max_header)
        return refuse({400, "Bad Request", "A chunk's header or the trailer is too long."});
    return Step::go_on;
}

asio::awaitable<Connection::Step> Connection::read_body(Exchange& exchange) {
    auto& parser = exchange.parser;
    if (parser.is_done()) co_return Step::go_on;
    enter(Phase::body, server_->options.body_timeout);
    if (exchange.expects_continue && buffer_.size() == 0) {
        if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return Step::gone;
        enter(Phase::body, server_->options.body_timeout);
    }
    for (;;) {
        if (buffer_.size() > 0 && feed_body(exchange) == Step::refused) co_return Step::refused;
        if (parser.is_done()) co_return Step::go_on;
        const auto left = parser.chunked() ? body_read : parser.content_length_remaining().value_or(body_read);
        const auto error = co_await receive(std::clamp<std::size_t>(left, first_read, body_read));
        if (!error) continue;
        if (expired_) co_return refuse({408, "Request Timeout", "The request's body did not come in time."});
        co_return Step::gone;
    }
}

/// The handler's answer, or a problem in its place.
asio::awaitable<Response> Connection::call(const Route& route, const Request& request) {
    Problem problem;
    try {
        co_return co_await route.handler(request);
    } catch (const Unavailable& error) {
        // What is away fails every request: the log need not say each.
        if (long held = 0; server_->unavailable.pass(held))
            log::warning("unavailable", {{"service", server_->options.service},
                                         {"route", route.pattern},
                                         {"request_id", request.request_id},
                                         {"error", error.what()},
                                         {"held_back", held}});
        problem = {503, "Service Unavailable", "Something this service needs is not there right now; try again."};
        problem.retry_after = std::chrono::seconds(1);
    } catch (const std::exception& error) {
        if (aborted_) throw;
        log::error("handler failed", {{"service", server_->options.service},
                                      {"route", route.pattern},
                                      {"request_id", request.request_id},
                                      {"error", error.what()}});
        problem = {500, "Internal Server Error", "The server failed; its log has the reason under this request_id."};
    }
    problem.request_id = request.request_id;
    co_return server_->options.write_problem(problem);
}

/// Answers a whole request.
asio::awaitable<Response> Connection::handle(Exchange& exchange) {
    const auto& request = exchange.request;
    const auto problem = [&](Problem why) {
        why.request_id = request.request_id;
        return server_->options.write_problem(why);
    };
    const Route* const route = exchange.match.route;
    if (!route) {
        const auto& allowed = exchange.match.allowed;
        if (request.path == "*") co_return Response{204, {{"Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS"}}};
        Response response{204};
        if (request.method != "OPTIONS" || allowed.empty())
            response = problem(server_->router.refusal(request.method, request.path, exchange.match));
        if (!allowed.empty()) response.headers.add("Allow", allow_header(allowed));
        co_return response;
    }
    if (exchange.wrong_query) co_return problem(*exchange.wrong_query);
    const auto encoding = request.headers.find("Content-Encoding");
    if (encoding && !equal_ignoring_case(*encoding, "identity")) {
        auto response = problem({415, "Unsupported Media Type",
                                 "A compressed body is not taken here: send it as it is, without Content-Encoding."});
        response.headers.add("Accept-Encoding", "identity");
        co_return response;
    }
    if (!route->content_type.empty() && !request.body.empty() &&
        !is_media_type(request.headers.find("Content-Type").value_or(""), route->content_type)) {
        auto response =
            problem({415, "Unsupported Media Type",
                     "The body must come with the header Content-Type: " + route->content_type + " (in UTF-8)."});
        response.headers.add("Accept", route->content_type);
        co_return response;
    }
    enter(Phase::handling, {});
    co_return co_await call(*route, request);
}

/// One request and its answer; whether another may follow.
asio::awaitable<bool> Connection::serve_one() {
    HeaderScan scan;
    auto step = co_await read_header(scan);
    if (step == Step::gone) co_return false;
    Exchange exchange(server_->options);
    exchange.request.request_id = server_->request_ids.next().to_string();
    if (step == Step::go_on) {
        step = open_request(exchange, received().substr(0, scan.length));
        buffer_.consume(scan.length);
    }
    if (step == Step::go_on) {
        // Who asks before sending the body hears the no at once, and keeps the body.
        const bool spare_body = exchange.expects_continue && !exchange.match.route && !exchange.parser.is_done();
        if (spare_body)
            exchange.keep_alive = false;
        else
            step = co_await read_body(exchange);
    }
    if (step == Step::gone) co_return false;
    Response response;
    if (step == Step::refused) {
        refusal_->request_id = exchange.request.request_id;
        response = server_->options.write_problem(*refusal_);
        response.close = true;
    } else {
        response = co_await handle(exchange);
    }
    if (response.close || closing_ || server_->draining) exchange.keep_alive = false;
    const bool sent = co_await answer(exchange, std::move(response));
    if (sent && exchange.keep_alive) co_return true;
    if (sent) co_await linger();
    co_return false;
}

/// Writes the answer; false when the client did not take it.
asio::awaitable<bool> Connection::answer(const Exchange& exchange, Response response) {
    if (response.status < 200 || response.status > 599) response.status = 500;
    const auto& request = exchange.request;
    server_->metrics.answered(exchange.route, request.method, response.status,
                              std::chrono::steady_clock::now() - exchange.began);
    head_.clear();
    append_header(head_, response, {server_->date(), request.request_id, exchange.minor_version, exchange.keep_alive});
    const bool with_body = request.method != "HEAD" && may_have_body(response.status);
    co_return co_await write(head_, with_body ? std::string_view(response.body) : std::string_view());
}

asio::awaitable<bool> Connection::write(std::string_view head, std::string_view body) {
    std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
    // Nearly every answer fits into the socket's buffer: no need to go round the loop for it.
    error_code error;
    auto sent = socket_.write_some(buffers, error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) co_return false;
    if (sent == head.size() + body.size()) co_return true;
    enter(Phase::writing, server_->options.write_timeout);
    for (auto& buffer : buffers) {
        const auto part = std::min(sent, buffer.size());
        buffer += part;
        sent -= part;
    }
    const auto [failed, rest] = co_await asio::async_write(socket_, buffers, with_error);
    co_return !failed;
}

/// Says that nothing more comes, and reads away what the client still sends: closing with unread data in
/// the socket would reset the connection, and the client could lose the answer.
asio::awaitable<void> Connection::linger() {
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    enter(Phase::lingering, server_->draining ? drain_farewell : longest_farewell);
    for (std::size_t total = buffer_.size(); total < most_thrown_away;) {
        buffer_.clear();
        if (const auto error = co_await receive(total < body_read ? first_read : body_read)) co_return;
        total += buffer_.size();
        if (expired_ || closing_) co_return;
    }
}

}  // namespace nearline::http
