/* partition.h — Which partition of a log a key falls into, in both worlds.
 *
 * Kafka's default for records with a key (Java's BuiltInPartitioner, librdkafka's murmur2_random):
 * MurmurHash2 of the key's bytes (Austin Appleby, 2008; 32 bits, seed 0x9747b28c), without its
 * sign, modulo the number of partitions. The bytes are the key's decimal digits, as on the wire. */
#ifndef SERVICES_BASE_PARTITION_H
#define SERVICES_BASE_PARTITION_H

#include <stdint.h>

uint32_t partition_of(uint64_t key, uint32_t partitions); /* partitions > 0 */

#endif
