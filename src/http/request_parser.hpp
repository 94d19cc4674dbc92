#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <string>

#include "http/message.hpp"

namespace nearline::http {

/// Beast's parser, writing straight into a Request: its header fields and its body. Method and target are
/// the guard's to give. Fields of a trailer are checked and dropped: they must not pass for the header's.
class RequestParser : public boost::beast::http::basic_parser<true> {
public:
    RequestParser(Request& request, std::size_t max_header, std::uint64_t max_body) : request_(request) {
        eager(true);
        header_limit(static_cast<std::uint32_t>(max_header));
        body_limit(max_body);
    }

private:
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int, string_view, int, error_code&) override {}

    void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code& error) override {
        if (!in_body_) {
            request_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
        } else if ((trailer_size_ += name.size() + value.size()) > most_trailer) {
            error = boost::beast::http::error::header_limit;
        }
    }

    void on_header_impl(error_code&) override { in_body_ = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>& content_length, error_code&) override {
        // A length is only an announcement: memory follows what really comes.
        constexpr std::uint64_t most_trusted = 64 << 10;
        if (content_length) request_.body.reserve(static_cast<std::size_t>(std::min(*content_length, most_trusted)));
    }

    std::size_t on_body_impl(string_view body, error_code&) override {
        request_.body.append(body.data(), body.size());
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& error) override {
        if (extensions.size() > most_extensions) error = boost::beast::http::error::bad_chunk_extension;
    }

    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        request_.body.append(body.data(), body.size());
        return body.size();
    }

    void on_finish_impl(error_code&) override {}

    // Nobody here asks for either; honest ones are short.
    static constexpr std::size_t most_extensions = 1 << 10;
    static constexpr std::size_t most_trailer = 8 << 10;

    Request& request_;
    bool in_body_ = false;
    std::size_t trailer_size_ = 0;
};

}  // namespace nearline::http
