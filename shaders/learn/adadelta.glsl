// As torch.optim.Adadelta.
#ifndef TOLD
uniform float u_rho, u_eps, u_decay;
#endif

vec4 moved(vec4 weight, inout vec4 square, inout vec4 delta, vec4 grad) {
    grad += u_decay * weight;
    square = u_rho * square + (1.0 - u_rho) * grad * grad;
    vec4 step = sqrt(delta + u_eps) / sqrt(square + u_eps) * grad;
    delta = u_rho * delta + (1.0 - u_rho) * step * step;
    return weight - u_rate * step;
}
