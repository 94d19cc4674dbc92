#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "domain/claims.hpp"
#include "domain/uuid.hpp"
#include "gateway/answer_keep.hpp"
#include "gateway/authenticator.hpp"
#include "gateway/callers.hpp"
#include "gateway/options.hpp"
#include "http/message.hpp"
#include "token/location_signer.hpp"

namespace nearline::gateway {

/// GET /predictions/{id}. On the loop's thread.
class Reading {
public:
    struct Parts {
        Authenticator& authenticator;
        Callers& callers;
        AnswerKeep& keep;
        const token::LocationSigner& signer;
    };
    Reading(const Parts& parts, const Options& options) : parts_(parts), options_(options) {}

    boost::asio::awaitable<http::Response> show(const http::Request& request);

private:
    /// Who asks for which prediction.
    struct Wanted {
        Claims who;
        Uuid id;
        std::optional<token::Ticket> ticket{};  // came with a genuine Location
        bool may_see(const std::optional<Uuid>& user) const { return who.admin || user == who.subject; }
    };

    std::optional<Wanted> wanted(const http::Request& request, const Claims& claims) const;
    AnswerPtr kept(const Wanted& wanted) const;
    bool is_past_retention(const token::Ticket& ticket) const;
    bool is_awaited_here(const Wanted& wanted) const;

    Parts parts_;
    const Options& options_;
};

}  // namespace nearline::gateway
