#include "prediction/destinations.hpp"

#include "stream/request_context.hpp"

namespace nearline::prediction {

stream::Addressed Destinations::record_for(const Outlet& outlet) const {
    if (outlet.kind == Outlet::Kind::deferral) return {retry_topic_, {}, outlet.job.record_for(outlet)};
    if (outlet.kind == Outlet::Kind::dead_letter) return {dead_letter_topic_, {}, outlet.job.record_for(outlet)};
    const auto partition = stream::reply_partition(outlet.job.incoming.context, output_partitions_);
    return {output_topic_, partition, outlet.job.record_for(outlet)};
}

void Destinations::set_output_partitions(int partitions) noexcept {
    output_partitions_ = partitions;
    doubts_partitions_ = false;
}

}  // namespace nearline::prediction
