#pragma once

#include <boost/asio/thread_pool.hpp>

#include "admin/dead_letter_desk.hpp"
#include "admin/topic_queries.hpp"
#include "http/server.hpp"
#include "token/jwt.hpp"

namespace nearline::admin {

/// GET /admin/topics, /admin/topics/{topic}, /admin/topics/{topic}/records, /admin/groups, /admin/dead-letters,
/// /admin/dead-letters/{topic}, /admin/dead-letters/{topic}/{partition}/{offset}; POST
/// /admin/dead-letters/{topic}/replay and …/drop; for bearers of an administrator's token (401, 403 else).
/// Questions run on `pool`; more than 16 at a time are 503. All must outlive the server; queries.stop() and
/// then pool.join() before they go.
http::Router routes(TopicQueries& queries, DeadLetterDesk& letters, boost::asio::thread_pool& pool,
                    const token::Jwt& jwt);

}  // namespace nearline::admin
