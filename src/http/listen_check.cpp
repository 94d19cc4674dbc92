#include "http/listen_check.hpp"

#include <stdexcept>

#include "http/listener.hpp"

namespace nearline::http {

std::string check_listen_address(const std::string& address) {
    // The resolver would read 1.2.3 as 1.2.0.3, as was done before there were names.
    const bool has_digits_alone = address.find_first_not_of("0123456789.") == std::string::npos;
    boost::system::error_code error;
    boost::asio::ip::make_address(address, error);
    if (error && has_digits_alone) {
        return "is no address: 127.0.0.1 is this machine alone, 0.0.0.0 every interface";
    }
    return check_ports(address, {0}).front();
}

std::vector<std::string> check_ports(const std::string& address, const std::vector<int>& ports) {
    boost::asio::io_context context;
    std::vector<TcpAcceptor> held;
    std::vector<std::string> faults;
    for (const int port : ports) {
        try {
            held.push_back(listen_on(context, address, port));
            faults.emplace_back();
        } catch (const std::runtime_error& error) {
            faults.emplace_back(error.what());
        }
    }
    return faults;
}

}  // namespace nearline::http
