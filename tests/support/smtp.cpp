#include "support/smtp.hpp"

#include <boost/json/parse.hpp>
#include <cstdio>
#include <fstream>
#include <unistd.h>

#include "support/command.hpp"

namespace nearline::test {

SmtpSink::~SmtpSink() {
    try {
        kill();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
}

void SmtpSink::start() {
    run("start");
}

std::string SmtpSink::run(const std::string& command) const {
    return output_of("tests/servers/smtp " + command + " '" + (dir_ / "smtp") + "'" +
                     (command == "start" ? " --until-exit-of " + std::to_string(::getpid()) : ""));
}

int SmtpSink::port(const std::string& name) const {
    std::ifstream file(dir_ / ("smtp/" + name));
    int port = 0;
    file >> port;
    return port;
}

notification::SmtpOptions SmtpSink::guarded() const {
    notification::SmtpOptions options;
    options.host = "127.0.0.1";
    options.port = port("port");
    options.user = "mailer";
    options.password = "smtp password";
    options.ca_file = dir_ / "smtp/certificate.pem";
    options.timeout = std::chrono::seconds(20);
    return options;
}

notification::SmtpOptions SmtpSink::plain() const {
    notification::SmtpOptions options;
    options.host = "127.0.0.1";
    options.port = port("plain-port");
    options.timeout = std::chrono::seconds(20);
    return options;
}

notification::SmtpOptions SmtpSink::smtps() const {
    notification::SmtpOptions options = plain();
    options.port = port("smtps-port");
    options.tls = true;
    options.ca_file = dir_ / "smtp/certificate.pem";
    return options;
}

boost::json::array SmtpSink::mails() const {
    boost::json::array mails;
    std::ifstream file(dir_ / "smtp/mails.jsonl");
    for (std::string line; std::getline(file, line);) mails.push_back(boost::json::parse(line));
    return mails;
}

}  // namespace nearline::test
