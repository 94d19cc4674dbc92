#pragma once

#include <memory>
#include <string>

#include "archive/archive_store.hpp"

/// The archive in MongoDB; for this room alone.
///
/// Collection `predictions` of the URL's database (default: nearline). A document: _id (the request id as
/// text), the features, status, model_id, prediction, model_type, created_at (its exact text, UTC with
/// microseconds), message, created_date (created_at as a date, which has milliseconds), user (text or null),
/// body_digest (text or null), topic, partition, offset, recorded_at (a date: the record's own time).
namespace nearline::archive {

/// What is wrong with a mongodb:// URL, or "".
std::string check_mongo_url(const std::string& url);
/// What is wrong with a password, or none, for a URL that passes check_mongo_url(), or "".
std::string check_mongo_password(const std::string& url, bool has_password);

std::unique_ptr<ArchiveStore> make_mongo_archive(const Options& options);
std::unique_ptr<PredictionReader> make_mongo_reader(const Options& options);

}  // namespace nearline::archive
