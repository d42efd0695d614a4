#include "lib/random.glsl"

vec4 bent(int tile, ivec2 p) {
    uint seed = seed_of(SEED_LOW, SEED_HIGH);
    float frame = HOLD > 0.0 ? floor(FRAME / HOLD) : 0.0;
    vec4 drawn;
    for (int lane = 0; lane < 4; lane++) {
#if defined(PER_PIXEL)
        uint bits = random_bits(seed, frame, tile * 4 + lane, p);
#else
        uint bits = random_bits(seed, frame, tile * 4 + lane);
#endif
#if defined(KIND_GAUSSIAN)
        drawn[lane] = gaussian_of(bits);
#else
        drawn[lane] = uniform_of(bits) * 2.0 - 1.0;
#endif
    }
    return read0(tile, p) + drawn * STRENGTH;
}
