#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "domain/claims.hpp"
#include "domain/uuid.hpp"
#include "gateway/answer_keep.hpp"
#include "gateway/archive_reads.hpp"
#include "gateway/authenticator.hpp"
#include "gateway/callers.hpp"
#include "gateway/options.hpp"
#include "http/message.hpp"
#include "token/location_signer.hpp"

namespace nearline::gateway {

/// GET /predictions/{id} and GET /predictions. On the loop's thread.
class Reading {
public:
    struct Parts {
        Authenticator& authenticator;
        Callers& callers;
        AnswerKeep& keep;
        ArchiveReads& archive;
        const token::LocationSigner& signer;
    };
    Reading(const Parts& parts, const Options& options) : parts_(parts), options_(options) {}

    boost::asio::awaitable<http::Response> show(const http::Request& request);
    boost::asio::awaitable<http::Response> list(const http::Request& request);

private:
    /// Who asks for which prediction.
    struct Wanted {
        Claims who;
        Uuid id;
        std::optional<token::Ticket> ticket{};  // came with a genuine Location
        bool may_see(const std::optional<Uuid>& user) const { return who.admin || user == who.subject; }
    };

    Result<Wanted> wanted(const http::Request& request, const Claims& claims) const;
    AnswerPtr kept(const Wanted& wanted) const;
    http::Response without_answer(const Wanted& wanted, const std::optional<Problem>& away,
                                  const http::Request& request) const;
    bool is_past_retention(const Wanted& wanted) const;
    bool is_awaited_here(const Wanted& wanted) const;

    Parts parts_;
    const Options& options_;
};

}  // namespace nearline::gateway
