#include "http/listener.hpp"

#include <cerrno>
#include <stdexcept>

namespace nearline::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string advice(int error, int port) {
    const auto number = std::to_string(port);
    switch (error) {
        case EADDRINUSE:
            return "Another process has this port, perhaps another nearline: `ss -ltnp 'sport = :" + number +
                   "'` shows which. End it, or choose another port.";
        case EADDRNOTAVAIL:
            return "No interface of this machine has this address: 127.0.0.1 is this machine alone, 0.0.0.0 every "
                   "interface.";
        case EACCES:
            return "Ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE): choose a higher one.";
        default:
            return "";
    }
}

}  // namespace

TcpAcceptor listen_on(asio::io_context& context, const std::string& address, int port) {
    const auto fail = [&](const error_code& error) {
        const auto hint = advice(error.category() == boost::system::system_category() ? error.value() : 0, port);
        throw std::runtime_error("can't listen on " + address + " port " + std::to_string(port) + ": " +
                                 error.message() + (hint.empty() ? "" : ". " + hint));
    };
    error_code error;
    asio::ip::tcp::endpoint endpoint;
    const auto literal = asio::ip::make_address(address, error);
    if (!error) {
        endpoint = {literal, static_cast<unsigned short>(port)};
    } else {
        asio::ip::tcp::resolver resolver(context);
        const auto found = resolver.resolve(address, std::to_string(port), asio::ip::resolver_base::passive, error);
        if (error || found.empty()) fail(error);
        endpoint = *found.begin();
    }
    TcpAcceptor acceptor(context.get_executor());
    acceptor.open(endpoint.protocol(), error);
    // A restart must not wait for the old connections' TIME_WAIT.
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    if (error) fail(error);
    return acceptor;
}

}  // namespace nearline::http
