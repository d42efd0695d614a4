// Random numbers that depend on a seed and a place alone: studio/draws.py does the same.

uint hashed(uint bits) {
    uint state = bits * 747796405u + 2891336453u;
    uint word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

uint seed_of(float low, float high) { return uint(low) | uint(high) << 16u; }

// Of a channel; of one of its pixels, by the channel's or at once.
uint random_bits(uint seed, float frame, int channel) {
    return hashed(hashed(seed ^ hashed(uint(frame))) ^ uint(channel));
}

uint random_bits(uint channel, ivec2 p) { return hashed(channel ^ (uint(p.y) << 16u | uint(p.x))); }

uint random_bits(uint seed, float frame, int channel, ivec2 p) {
    return random_bits(random_bits(seed, frame, channel), p);
}

float uniform_of(uint bits) { return float(bits >> 8u) / 16777216.0; }

// The sum of twelve random bytes.
float gaussian_of(uint bits) {
    uint total = 0u;
    for (int k = 0; k < 3; k++) {
        bits = hashed(bits);
        // Two sums at once, each in half of the bits.
        total += (bits & 0xff00ffu) + (bits >> 8u & 0xff00ffu);
    }
    return (float((total & 0xffffu) + (total >> 16u)) - 1530.0) / 255.998046867549;
}
