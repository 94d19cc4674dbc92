#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace nearline::http {

using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Listens on an address (or a name of this machine) and a port, 0 for any free one. Throws
/// std::runtime_error that names both and says what to do.
TcpAcceptor listen_on(boost::asio::io_context& context, const std::string& address, int port);

}  // namespace nearline::http
