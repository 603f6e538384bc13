"""Connexion's names: every other module takes them from here."""

import warnings

from engine_contract.dependencies import require

with warnings.catch_warnings():
    # A user can do nothing about deprecations inside connexion; Starlette's of its test client is not a DeprecationWarning.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    import connexion  # noqa: F401

require(
    "connexion",
    "connexion.exceptions:OAuthProblem",
    "connexion.middleware.abstract:ROUTING_CONTEXT",
    "connexion.middleware.abstract:RoutedMiddleware.api_cls",
    "connexion.middleware.main:ConnexionMiddleware._build_middleware_stack",
    "connexion.middleware.main:API",
    "connexion.middleware.main:ConnexionMiddleware.apis",
    "connexion.middleware.main:ConnexionMiddleware.app",
    "connexion.middleware.main:ConnexionMiddleware.middleware_stack",
    "connexion.middleware.request_validation:RequestValidationAPI.make_operation",
    "connexion.middleware.request_validation:RequestValidationAPI.next_app",
    "connexion.middleware.request_validation:RequestValidationMiddleware.api_cls",
    "connexion.middleware.request_validation:RequestValidationOperation.next_app",
    "connexion.middleware.routing:RoutingAPI._add_operation_internal",
    "connexion.middleware.routing:RoutingAPI.base_path",
    "connexion.middleware.routing:RoutingMiddleware.add_api",
    "connexion.middleware.routing:RoutingMiddleware.app",
    "connexion.middleware.security:SecurityAPI.make_operation",
    "connexion.middleware.security:SecurityAPI.next_app",
    "connexion.middleware.security:SecurityAPI.security_handler_factory",
    "connexion.middleware.security:SecurityMiddleware.api_cls",
    "connexion.middleware.security:SecurityOperation.from_operation",
    "connexion.middleware.security:SecurityOperation.next_app",
    "connexion.middleware.security:SecurityOperation.verification_fn",
    "connexion.operations.abstract:AbstractOperation._operation",
    "connexion.operations.abstract:AbstractOperation.body_schema",
    "connexion.operations.abstract:AbstractOperation.consumes",
    "connexion.resolver:Resolution",
    "connexion.resolver:Resolver.resolve",
    "connexion.security:NO_VALUE",
    "connexion.security:AbstractSecurityHandler.get_fn",
    "connexion.spec:OpenAPISpecification._validate_spec",
    breaks="the mock would answer without connexion's routing, security or validation",
)

from connexion.exceptions import OAuthProblem
from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.middleware.main import API, ConnexionMiddleware
from connexion.middleware.request_validation import (
    RequestValidationAPI,
    RequestValidationMiddleware,
    RequestValidationOperation,
)
from connexion.middleware.routing import RoutingAPI, RoutingMiddleware
from connexion.middleware.security import SecurityAPI, SecurityMiddleware, SecurityOperation
from connexion.operations.abstract import AbstractOperation
from connexion.resolver import Resolution, Resolver
from connexion.security import NO_VALUE, AbstractSecurityHandler
from connexion.spec import OpenAPISpecification

__all__ = [
    "API",
    "NO_VALUE",
    "ROUTING_CONTEXT",
    "AbstractOperation",
    "AbstractSecurityHandler",
    "ConnexionMiddleware",
    "OAuthProblem",
    "OpenAPISpecification",
    "RequestValidationAPI",
    "RequestValidationMiddleware",
    "RequestValidationOperation",
    "Resolution",
    "Resolver",
    "RoutingAPI",
    "RoutingMiddleware",
    "SecurityAPI",
    "SecurityMiddleware",
    "SecurityOperation",
]
