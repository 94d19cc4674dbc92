#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "http/url.hpp"

namespace nearline::http {

/// The connections of one client to its server. For the context's thread.
class ClientPool : public std::enable_shared_from_this<ClientPool> {
public:
    ClientPool(boost::asio::io_context& context, const std::string& url, std::size_t max_connections,
               std::size_t max_body);

    /// `self` keeps the pool as long as the request is under way.
    static boost::asio::awaitable<Response> send(std::shared_ptr<ClientPool> self, ClientRequest request);

private:
    using Timer = boost::asio::steady_timer;
    struct Connection {
        explicit Connection(boost::asio::io_context& context) : socket(context) {}
        boost::asio::ip::tcp::socket socket;
        boost::beast::flat_buffer buffer{};
        std::uint64_t kept_as = 0;  // which keeping of it is watched
    };
    struct Attempt;
    struct Waiter;
    class Place;

    boost::asio::awaitable<void> take_place(Timer::time_point deadline);
    std::unique_ptr<Connection> take_kept();
    void keep(std::unique_ptr<Connection> connection);
    void drop(std::uint64_t kept_as);
    boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> resolve(Timer::time_point deadline);
    boost::asio::awaitable<void> connect(Connection& connection, Timer::time_point deadline);
    boost::asio::awaitable<Response> exchange(Attempt& attempt, const ClientRequest& request);
    [[noreturn]] void fail(const std::string& why) const;

    boost::asio::io_context& context_;
    Url url_;
    std::string origin_;  // for messages
    std::size_t max_connections_;
    std::size_t max_body_;
    std::size_t under_way_ = 0;
    std::deque<Waiter*> waiting_{};  // for a place, the first first
    std::vector<std::unique_ptr<Connection>> kept_{};
    std::uint64_t keepings_ = 0;
};

}  // namespace nearline::http
