// An input as a picture lies in memory, as the texels of its map: every value times a scale, plus a shift. A pixel is
// three bytes, or with DEEP three numbers of 16 bits, and the next follows at once.
// u_kind.x = 1 for blue first, 2 for the luma alone
layout(std430, binding = 0) readonly buffer Pixels { uint u_pixels[]; };
layout(std140, binding = 1) uniform Fed { ivec4 u_kind; vec4 u_scale, u_move, u_luma; };

vec4 texel(int tile, ivec2 p) {
    int at = p.y * u_shape.z + p.x;
#if DEEP
    int word = 3 * at >> 1;
    uint low = u_pixels[word], high = u_pixels[word + 1];
    vec3 value = (at & 1) == 0 ? vec3(low & 0xFFFFu, low >> 16, high & 0xFFFFu) : vec3(low >> 16, high & 0xFFFFu, high >> 16);
#else
    int word = 3 * at >> 2, passed = 8 * (3 * at & 3);
    uint pixel = u_pixels[word] >> passed;
    // The third byte may lie in the next word, and the second with it.
    if (passed > 8) pixel |= u_pixels[word + 1] << 32 - passed;
    vec3 value = vec3(pixel & 0xFFu, (pixel >> 8) & 0xFFu, (pixel >> 16) & 0xFFu);
#endif
    if (u_kind.x == 1) value = value.zyx;
    if (u_kind.x == 2) value = vec3(dot(value, u_luma.xyz), 0.0, 0.0);
    return vec4(value * u_scale.xyz + u_move.xyz, 0.0);
}
