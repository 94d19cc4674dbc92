#pragma once

#include <string>
#include <vector>

/// Asked before a server is made, so that a process can say all that is wrong at once.
namespace nearline::http {

/// Why no server can listen on the address (or name of this machine), whatever the port; "" where one can.
std::string check_listen_address(const std::string& address);

/// For each port why a server can't listen there now; "" where one can. They are tried together, so that a port which
/// is there twice is at fault, too; 0 is any free one.
std::vector<std::string> check_ports(const std::string& address, const std::vector<int>& ports);

}  // namespace nearline::http
